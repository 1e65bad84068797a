//! Vectors of eight bits a number, and how much two are alike.

use serde::{Deserialize, Serialize};

/// A vector whose largest number is 127 or −127, and what one step of it is worth.
///
/// Rounding loses at most half a step a number: the cosine of two unit vectors of 256 numbers moves
/// by less than 0.01 by it. Products of whole numbers are the same on every machine, and equal
/// vectors are alike by exactly 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vector {
    /// What a step is worth.
    pub step: f32,
    /// The numbers, in steps.
    pub numbers: Box<[i8]>,
}

/// Length of a vector: at most this many products of two bytes fit into 32 bits.
pub const DIMS_MAX: usize = 65_536;

impl Vector {
    /// Of numbers that are finite.
    pub fn of(numbers: &[f32]) -> Self {
        Self::in_steps(numbers, step_of(numbers))
    }

    /// Of numbers that are finite, whose last bits hang on the machine: the step is rounded up to
    /// eight bits, so that most such vectors are the same to the bit on every machine. The largest
    /// number is then 126 or 127.
    pub fn rough(numbers: &[f32]) -> Self {
        let bits = step_of(numbers).to_bits();
        Self::in_steps(numbers, f32::from_bits((bits + 0xffff) & !0xffff))
    }

    fn in_steps(numbers: &[f32], step: f32) -> Self {
        let byte = |x: &f32| if step > 0.0 { (x / step).round() as i8 } else { 0 };
        Self { step, numbers: numbers.iter().map(byte).collect() }
    }

    /// The numbers themselves.
    pub fn numbers(&self) -> Vec<f32> {
        self.numbers.iter().map(|x| f32::from(*x) * self.step).collect()
    }

    /// Whether it is finite, and not all 0.
    pub(crate) fn has_direction(&self) -> bool {
        self.step.is_finite() && self.step > 0.0 && self.numbers.iter().any(|x| *x != 0)
    }

    /// The scalar product in steps.
    fn dot(&self, other: &Self) -> i32 {
        let products = self.numbers.iter().zip(&other.numbers);
        products.map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
    }

    /// The sum of squares in steps.
    pub(crate) fn squares(&self) -> i32 {
        self.dot(self)
    }

    /// The cosine with another of the same length, −1 to 1; both sums of squares are handed in. 0
    /// where one has no direction.
    pub(crate) fn cosine(&self, squares: i32, other: &Self, others: i32) -> f64 {
        if squares == 0 || others == 0 {
            return 0.0;
        }
        // The root of a square is right to the bit, so equal vectors give exactly 1.
        let lengths = (i64::from(squares) * i64::from(others)) as f64;
        (f64::from(self.dot(other)) / lengths.sqrt()).clamp(-1.0, 1.0)
    }
}

fn step_of(numbers: &[f32]) -> f32 {
    numbers.iter().fold(0.0f32, |most, x| most.max(x.abs())) / 127.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(a: &[f32], b: &[f32]) -> f64 {
        let (a, b) = (Vector::of(a), Vector::of(b));
        a.cosine(a.squares(), &b, b.squares())
    }

    #[test]
    fn equal_is_one_and_opposite_is_minus_one() {
        let some: Vec<f32> = (0..388_u32).map(|i| ((i * 7919) % 101) as f32 - 50.0).collect();
        let against: Vec<f32> = some.iter().map(|x| -x).collect();
        assert_eq!(alike(&some, &some), 1.0);
        assert_eq!(alike(&some, &against), -1.0);
        assert_eq!(alike(&[1.0, 0.0], &[0.0, 3.0]), 0.0);
        assert_eq!(alike(&[0.0, 0.0], &[0.0, 3.0]), 0.0);
    }

    #[test]
    fn rounding_moves_a_cosine_little() {
        let pseudo = |salt: u32| -> Vec<f32> {
            let number = |i: u32| (i.wrapping_mul(2_654_435_761).wrapping_mul(salt) >> 7) % 997;
            (0..256).map(|i| number(i) as f32 / 498.0 - 1.0).collect()
        };
        for salt in 1..40 {
            let (a, b) = (pseudo(salt), pseudo(salt + 1));
            let dot = |a: &[f32], b: &[f32]| -> f64 {
                a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
            };
            let exact = dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt();
            assert!((alike(&a, &b) - exact).abs() < 0.01, "{exact}");
        }
    }

    #[test]
    fn last_bits_seldom_change_a_rough_vector() {
        let number = |i: u32| ((i.wrapping_mul(2_654_435_761) >> 9) % 9973) as f32 / 4986.0 - 1.0;
        let (mut rough, mut exact) = (0, 0);
        for nth in 0..100 {
            let here: Vec<f32> = (0..384).map(|i| number(nth * 384 + i)).collect();
            // As another order of sums leaves them.
            let off = |(i, x): (usize, &f32)| x * (1.0 + (i as f32 * 0.7 + 1.0).sin() * 3e-7);
            let there: Vec<f32> = here.iter().enumerate().map(off).collect();
            rough += u32::from(Vector::rough(&here) == Vector::rough(&there));
            exact += u32::from(Vector::of(&here) == Vector::of(&there));
            let largest = Vector::rough(&here).numbers.iter().map(|x| x.abs()).max();
            assert!(matches!(largest, Some(126 | 127)), "{largest:?}");
        }
        assert!(rough >= 95 && exact <= 50, "{rough} and {exact} of 100");
        assert_eq!(Vector::rough(&[0.0; 4]), Vector::of(&[0.0; 4]));
    }

    #[test]
    fn the_longest_fits() {
        let most = vec![1.0; DIMS_MAX];
        assert_eq!(alike(&most, &most), 1.0);
    }
}

//! `exp` by table and polynomial: the same bits everywhere, and several times faster than the
//! general one of `libm`, which it replaces on the hot path.
//!
//! `x = (64 k + j) · ln 2 / 64 + r` with `|r| ≤ ln 2 / 128`, so `eˣ = 2ᵏ · 2^(j/64) · eʳ`; the
//! table holds `2^(j/64)` and its rounding error and `eʳ − 1` is its Taylor polynomial of degree 6, whose
//! next term is below 2⁻⁶⁰. Only additions, multiplications and integer steps: no fused operation,
//! no rounding mode, nothing that differs between machines. Within 1 ulp of `libm` (tested).
//!
//! **Source** Tang, P.T.P., 1989. Table-driven implementation of the exponential function in IEEE
//! floating-point arithmetic. The table was computed with 60 decimal digits.

/// 2^(j/64), and what it lacks, as a part of itself.
const POWERS: [(u64, u64); 64] = [
    (0x3ff0_0000_0000_0000, 0x0000_0000_0000_0000),
    (0x3ff0_2c9a_3e77_8061, 0xbc71_6013_9cd8_dc5d),
    (0x3ff0_59b0_d315_8574, 0x3c8c_d252_3567_f613),
    (0x3ff0_8745_1875_9bc8, 0x3c60_f74e_61e6_c861),
    (0x3ff0_b558_6cf9_890f, 0x3c97_9aa6_5d83_7b6d),
    (0x3ff0_e3ec_32d3_d1a2, 0x3c3e_be3d_702f_9cd1),
    (0x3ff1_1301_d012_5b51, 0xbc95_5652_2a2f_bd0e),
    (0x3ff1_429a_aea9_2de0, 0xbc91_c923_b9d5_f416),
    (0x3ff1_72b8_3c7d_517b, 0xbc80_1b15_eaa5_9348),
    (0x3ff1_a35b_eb6f_cb75, 0x3c8b_898c_3f13_53bf),
    (0x3ff1_d487_3168_b9aa, 0x3c9a_ecf7_3e3a_2f60),
    (0x3ff2_063b_8862_8cd6, 0x3c8a_6f41_44a6_c38d),
    (0x3ff2_387a_6e75_6238, 0x3c96_8efd_e3a8_a894),
    (0x3ff2_6b45_65e2_7cdd, 0x3c80_472b_981f_e7f2),
    (0x3ff2_9e9d_f51f_dee1, 0x3c82_f7e1_6d09_ab31),
    (0x3ff2_d285_a6e4_030b, 0x3c8b_3782_720c_0ab4),
    (0x3ff3_06fe_0a31_b715, 0x3c83_4d75_4db0_abb6),
    (0x3ff3_3c08_b264_16ff, 0x3c8f_dd39_5dd3_f84a),
    (0x3ff3_71a7_373a_a9cb, 0xbc92_4aed_cc4b_5068),
    (0x3ff3_a7db_34e5_9ff7, 0xbc71_d1e8_3e94_36d2),
    (0x3ff3_dea6_4c12_3422, 0x3c85_9f48_a72a_4c6d),
    (0x3ff4_160a_21f7_2e2a, 0xbc58_a78f_4817_895b),
    (0x3ff4_4e08_6061_892d, 0x3c43_63ed_60c2_ac11),
    (0x3ff4_86a2_b5c1_3cd0, 0x3c6e_cce1_daa1_0379),
    (0x3ff4_bfda_d536_2a27, 0x3c76_90ce_bb7a_afb0),
    (0x3ff4_f9b2_769d_2ca7, 0xbc8f_9434_0071_a38e),
    (0x3ff5_342b_569d_4f82, 0xbc78_dec6_bd0f_385f),
    (0x3ff5_6f47_36b5_27da, 0x3c93_3505_18fd_d78e),
    (0x3ff5_ab07_dd48_5429, 0x3c90_63e1_e21c_5409),
    (0x3ff5_e76f_15ad_2148, 0x3c94_32e6_2b64_c035),
    (0x3ff6_247e_b03a_5585, 0xbc8c_33c5_3bef_4da8),
    (0x3ff6_6238_8255_2225, 0xbc93_cedd_7856_5858),
    (0x3ff6_a09e_667f_3bcd, 0xbc93_b3ef_bf5e_2228),
    (0x3ff6_dfb2_3c65_1a2f, 0xbc63_67ef_b86d_a9ee),
    (0x3ff7_1f75_e8ec_5f74, 0xbc78_1f64_7e5a_3ecf),
    (0x3ff7_5feb_5642_67c9, 0xbc86_1932_1e55_e68a),
    (0x3ff7_a114_73eb_0187, 0xbc7b_32dc_b94d_a51d),
    (0x3ff7_e2f3_36cf_4e62, 0x3c65_ebe1_abd6_6c55),
    (0x3ff8_2589_994c_ce13, 0xbc93_69b6_f13b_3734),
    (0x3ff8_68d9_9b44_92ed, 0xbc94_d450_d872_576e),
    (0x3ff8_ace5_422a_a0db, 0x3c8d_b72f_c1f0_eab4),
    (0x3ff8_f1ae_9915_7736, 0x3c7b_f683_59f3_5f44),
    (0x3ff9_3737_b0cd_c5e5, 0xbc5d_a9b8_8b6c_1e29),
    (0x3ff9_7d82_9fde_4e50, 0xbc92_4343_22f4_f9aa),
    (0x3ff9_c491_82a3_f090, 0x3c71_affc_2b91_ce27),
    (0x3ffa_0c66_7b5d_e565, 0xbc87_c504_2262_2263),
    (0x3ffa_5503_b23e_255d, 0xbc91_bbd1_d3bc_bb15),
    (0x3ffa_9e6b_5579_fdbf, 0x3c84_6984_6e73_5ab3),
    (0x3ffa_e89f_995a_d3ad, 0x3c8c_1a77_92cb_3387),
    (0x3ffb_33a2_b84f_15fb, 0xbc55_c3d9_56dc_aeba),
    (0x3ffb_7f76_f2fb_5e47, 0xbc68_d6f4_38ad_9334),
    (0x3ffb_cc1e_904b_c1d2, 0x3c74_ffd7_0a5f_ddcd),
    (0x3ffc_199b_dd85_529c, 0x3c73_6eae_30af_0cb3),
    (0x3ffc_67f1_2e57_d14b, 0x3c84_e08f_d109_59ac),
    (0x3ffc_b720_dcef_9069, 0x3c67_6b2c_6c92_1968),
    (0x3ffd_072d_4a07_897c, 0xbc8f_ad5d_3fff_fa6f),
    (0x3ffd_5818_dcfb_a487, 0x3c74_a385_a63d_07a7),
    (0x3ffd_a9e6_03db_3285, 0x3c8e_5a50_d5c1_92ac),
    (0x3ffd_fc97_337b_9b5f, 0xbc82_d521_07b4_3e1f),
    (0x3ffe_502e_e78b_3ff6, 0x3c74_b604_603a_88d3),
    (0x3ffe_a4af_a2a4_90da, 0xbc8f_f712_8fd3_91f0),
    (0x3ffe_fa1b_ee61_5a27, 0x3c8e_c3bc_41aa_2008),
    (0x3fff_5076_5b6e_4540, 0x3c8a_64a9_31d1_85ee),
    (0x3fff_a7c1_819e_90d8, 0x3c77_893b_4d91_cd9d),
];

const STEPS_PER_UNIT: f64 = 92.33248261689366;
/// ln 2 / 64 with 21 trailing zero bits, so that its product with a step count is exact.
const STEP_HIGH: f64 = 0.01083042469326756;
const STEP_LOW: f64 = 2.9815858269852933e-12;
/// Adding and subtracting 1.5 · 2⁵² rounds to the nearest integer.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// e raised to `x`.
#[inline]
pub fn exp(x: f64) -> f64 {
    // Outside of this range the result is subnormal, infinite, zero or NaN.
    if !(x > -708.0 && x < 709.0) {
        return libm::exp(x);
    }
    let rounded = x * STEPS_PER_UNIT + ROUND;
    let steps = rounded.to_bits() as i64 - ROUND.to_bits() as i64;
    let n = rounded - ROUND;
    let r = (x - n * STEP_HIGH) - n * STEP_LOW;
    let j = (steps & 63) as usize;
    let k = steps >> 6;
    // The scale is ready before the polynomial: nothing waits for the integer steps.
    let scale = f64::from_bits((POWERS[j].0 as i64 + (k << 52)) as u64);
    let r2 = r * r;
    let p = (f64::from_bits(POWERS[j].1) + r)
        + (r2 * (0.5 + r * (1.0 / 6.0))
            + (r2 * r2) * ((1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0)));
    scale + scale * p
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ulps(a: f64, b: f64) -> u64 {
        a.to_bits().abs_diff(b.to_bits())
    }

    #[test]
    fn it_is_within_one_unit_of_libm() {
        let mut worst = 0;
        for i in -2_000_000_i32..=2_000_000 {
            for x in [f64::from(i) * 1.7e-5, f64::from(i) * 3.53e-4] {
                worst = worst.max(ulps(exp(x), libm::exp(x)));
            }
        }
        assert!(worst <= 1, "{worst}");
    }

    #[test]
    fn its_bits_are_these_on_every_machine() {
        let seen = [1.0, -1.0, 0.1, -30.0, 17.3, 700.25].map(|x| exp(x).to_bits());
        assert_eq!(seen, BITS);
    }

    const BITS: [u64; 6] = [
        4613303445314885481,
        4600298746774613816,
        4607656066507473108,
        4411934308301569909,
        4719517756503438071,
        9156659780012450835,
    ];

    #[test]
    fn the_ends_are_those_of_libm() {
        for x in [-708.0, -745.2, -1e9, 709.0, 710.0, f64::INFINITY, f64::NEG_INFINITY, 0.0] {
            assert_eq!(exp(x), libm::exp(x), "{x}");
        }
        assert!(exp(f64::NAN).is_nan());
    }
}

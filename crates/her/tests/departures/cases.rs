//! What is done to whom, and when: every named point, with a kill and with a stop.

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Who owns the identity and sends it away.
    Source,
    /// Who is to have it.
    Target,
    /// Whose disk the register's cell is on.
    Home,
}

/// Points that every departure reaches.
const POINTS: [(Side, &str); 30] = [
    (Side::Source, "source:Hello"),
    (Side::Target, "target:Hello"),
    (Side::Target, "target:Hello:done"),
    (Side::Source, "source:Hello:done"),
    (Side::Source, "source:Send"),
    (Side::Target, "target:Frames"),
    (Side::Target, "target:Frames:done"),
    (Side::Source, "source:Send:done"),
    (Side::Source, "source:Warm"),
    (Side::Source, "source:Warm:done"),
    (Side::Source, "source:Seal"),
    (Side::Source, "learner:sealed"),
    (Side::Source, "source:Seal:done"),
    (Side::Source, "source:Agree"),
    (Side::Target, "target:Agree"),
    (Side::Target, "target:Agree:done"),
    (Side::Source, "source:Agree:done"),
    (Side::Source, "source:Commit"),
    (Side::Home, "register:write"),
    (Side::Home, "register:written"),
    (Side::Source, "source:Commit:done"),
    (Side::Source, "source:Grant"),
    (Side::Target, "target:Grant"),
    (Side::Target, "learner:owns"),
    (Side::Target, "target:owns"),
    (Side::Target, "target:recorded"),
    (Side::Target, "target:Grant:done"),
    (Side::Source, "source:Grant:done"),
    (Side::Source, "source:StepDown"),
    (Side::Source, "source:StepDown:done"),
];

/// Points on ways that a departure takes only when something else has gone wrong before. The home
/// that is stopped for longer than an answer may take makes the source ask what it holds.
const WAYS_OFF: [&[(Side, &str, &str)]; 6] = [
    &[(Side::Target, "target:Agree", "kill"), (Side::Source, "source:Reclaim", "kill")],
    &[(Side::Target, "target:Agree", "kill"), (Side::Source, "source:Reclaim:done", "kill")],
    &[(Side::Target, "target:Agree", "kill"), (Side::Source, "source:Unseal", "stop 300")],
    &[(Side::Target, "target:Agree", "kill"), (Side::Source, "source:Unseal:done", "kill")],
    // Held for longer than learning may be, and then for longer than an answer may take.
    &[(Side::Target, "target:Agree", "stop 2500")],
    &[(Side::Target, "target:Agree:done", "stop 6000")],
];

/// The points to be armed in one departure: where, which, and what is done there.
pub type Case = Vec<(Side, &'static str, &'static str)>;

/// All cases; the first has no fault.
pub fn all() -> Vec<Case> {
    let plain = std::iter::once(Vec::new());
    let one = |act| POINTS.iter().map(move |(side, point)| vec![(*side, *point, act)]);
    let off = WAYS_OFF.iter().map(|case| case.to_vec());
    plain.chain(one("kill")).chain(one("stop 300")).chain(off).chain(only_from_afar()).collect()
}

/// What is reached only while the register is at the target: see [`needs_home_at_target`].
fn only_from_afar() -> impl Iterator<Item = Case> {
    let cases: [&[(Side, &'static str, &'static str)]; 4] = [
        // The answer to the commit is lost: nobody but the register knows.
        &[(Side::Home, "register:written", "kill"), (Side::Source, "source:Read", "kill")],
        &[(Side::Home, "register:written", "kill"), (Side::Source, "source:Read:done", "stop 300")],
        &[(Side::Home, "register:write", "kill"), (Side::Source, "source:Read:done", "kill")],
        // An owner that sleeps while the other takes over, and wakes up as nobody.
        &[(Side::Source, "source:Commit:done", "stop 3000")],
    ];
    cases.into_iter().map(<[_]>::to_vec)
}

/// Whether a case means something only if the home of the register is the target.
pub fn needs_home_at_target(case: &Case) -> bool {
    only_from_afar().any(|other| other == *case)
}

//! What an op does where there is a choice.

/// What happens where the condition of a step does not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Otherwise {
    /// Nothing: the step does not run there.
    #[default]
    Skip,
    /// The whole document is refused, if there is anything that the step would have run on.
    Fail,
}

/// What happens to a value that an op cannot take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnError {
    /// The whole document is refused.
    #[default]
    Fail,
    /// The value stays as it is, and the error is counted.
    Pass,
}

/// What happens to a value that is already in the place of a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Collision {
    /// The incoming value wins.
    #[default]
    Replace,
    /// The existing one stays, and the source goes all the same.
    Keep,
}

/// What to do with an array of several elements where one is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Many {
    /// An error.
    #[default]
    Error,
    /// The first is taken, the others are lost.
    First,
}

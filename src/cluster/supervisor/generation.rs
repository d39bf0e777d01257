//! The generations that workers serve, or may be started with: their bytes and their arguments.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::super::configuration::Configuration;
use super::super::sealed::{Sealed, SealedError};

/// The number of a master's first generation.
pub(super) const FIRST: u64 = 1;

/// What one generation's workers are given.
#[derive(Debug)]
pub(super) struct Generation {
    pub(super) sealed: Sealed,
    pub(super) args: Vec<OsString>,
}

/// All generations that are still needed, by number.
#[derive(Debug)]
pub(super) struct Generations {
    kept: BTreeMap<u64, Generation>,
    newest: u64,
}

impl Generations {
    /// The first one. Its bytes are taken out of the configuration: they are kept once, sealed.
    pub(super) fn new(configuration: &mut Configuration) -> Result<Self, SealedError> {
        let mut generations = Self { kept: BTreeMap::new(), newest: FIRST - 1 };
        generations.add(configuration)?;
        Ok(generations)
    }

    /// Adds the next one and gives its number.
    pub(super) fn add(&mut self, configuration: &mut Configuration) -> Result<u64, SealedError> {
        let sealed = Sealed::new(&std::mem::take(&mut configuration.generation))?;
        Ok(self.keep(Generation { sealed, args: configuration.args.clone() }))
    }

    /// Adds the same once more, under the next number.
    pub(super) fn repeat(&mut self, number: u64) -> Result<u64, SealedError> {
        let Some(Generation { sealed, args }) = self.kept.get(&number) else {
            return Err(std::io::Error::other("the generation is gone").into());
        };
        let again = Generation { sealed: sealed.again()?, args: args.clone() };
        Ok(self.keep(again))
    }

    fn keep(&mut self, generation: Generation) -> u64 {
        self.newest += 1;
        self.kept.insert(self.newest, generation);
        self.newest
    }

    pub(super) fn get(&self, number: u64) -> Option<&Generation> {
        self.kept.get(&number)
    }

    /// Lets go of all others.
    pub(super) fn keep_only(&mut self, needed: impl Fn(u64) -> bool) {
        self.kept.retain(|number, _| needed(*number));
    }
}

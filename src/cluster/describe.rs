//! How a process ended, in words.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::sys::signal::Signal;

/// `exited with code 78`, `was killed by SIGKILL`.
pub(crate) fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with code {code}"),
        (None, Some(number)) => {
            let name = Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |signal| signal.as_str().to_owned());
            let core = if status.core_dumped() { " and dumped core" } else { "" };
            format!("was killed by {name}{core}")
        }
        (None, None) => "ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_signals_have_words() {
        for (raw, words) in [
            (0, "exited with code 0"),
            (78 << 8, "exited with code 78"),
            (9, "was killed by SIGKILL"),
            (11 | 0x80, "was killed by SIGSEGV and dumped core"),
            (40, "was killed by signal 40"),
        ] {
            assert_eq!(describe(ExitStatus::from_raw(raw)), words);
        }
    }
}

//! How a run of the steps can fail, and how a step can be impossible to build.

use crate::json::Node;

/// Why a document could not be shaped. Facts only: what status the browser sees is decided elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The envelope says that the call failed, under whatever HTTP status it came.
    #[error("the upstream{}, mapped to {status}", if code.is_empty() { " gave no verdict".to_owned() } else { format!("'s verdict is `{code}`") })]
    Business {
        /// The HTTP status that the envelope's map gives to the verdict.
        status: u16,
        /// The verdict as text, without quotes; empty when the reply had none and that counts as a failure.
        code: String,
        /// What the envelope says to a person.
        message: Option<String>,
        /// The payload that came with the failure, whatever its type.
        details: Option<Node<'static>>,
    },
    /// On a strict route: a value is not what a step needs.
    #[error("{step}: `{path}` has {found}")]
    Mismatch {
        /// The step.
        step: &'static str,
        /// Where, in the grammar of paths.
        path: String,
        /// What stands there instead: a JSON type, or a few words.
        found: &'static str,
    },
    /// The envelope says success and has no payload, and the route calls that an error.
    #[error("the envelope has no payload")]
    MissingData,
    /// A number that is none (NaN, an infinity), and the route calls that an error.
    #[error("{} is {token}, which is no number in JSON", if path.is_empty() { "a number".to_owned() } else { format!("`{path}`") })]
    Number {
        /// Where, in the grammar of paths; empty when the step does not know.
        path: String,
        /// The token as it came.
        token: String,
    },
    /// Two values meet under one key, and the route calls that an error.
    #[error("{step}: two values meet at `{path}`")]
    Conflict {
        /// The step.
        step: &'static str,
        /// Where they meet.
        path: String,
    },
    /// A step would make more out of the document than memory should hold.
    #[error("the shaped document grows beyond its bound")]
    TooLarge,
}

/// Why a step cannot be built from its options: one message, lower case, no full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StepError {
    message: String,
    /// Of an entry, its value is wrong, and not its key.
    of_value: bool,
}

impl StepError {
    /// An error that says what is wrong with the options.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), of_value: false }
    }

    /// As it is, about the value of the entry whose path it names first.
    #[must_use]
    pub(super) fn of_value(self) -> Self {
        Self { of_value: true, ..self }
    }

    /// Whether, of an entry, the value is wrong, and not the key.
    pub fn is_of_value(&self) -> bool {
        self.of_value
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_names_what_is_not_there() {
        let business = |code: &str| Error::Business { status: 502, code: code.to_owned(), message: None, details: None };
        let number = |path: &str| Error::Number { path: path.to_owned(), token: "NaN".to_owned() };
        for (error, text) in [
            (business("500"), "the upstream's verdict is `500`, mapped to 502"),
            (business(""), "the upstream gave no verdict, mapped to 502"),
            (number("a.b"), "`a.b` is NaN, which is no number in JSON"),
            (number(""), "a number is NaN, which is no number in JSON"),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }
}

//! JSON as it is on the wire: raw tokens, an ordered tree, paths into it, a writer.
//!
//! Stands on `base`. Never renumbers, re-escapes, sorts or drops anything on its own: a token that nobody addresses leaves as it came.

pub mod decode;
mod error;
mod lex;
mod limits;
mod marks;
mod nest;
mod node;
mod number;
mod parse;
mod path;
mod path_grammar;
mod path_set;
mod path_walk;
mod reader;
mod text;
mod token;
mod wide;
mod write;

pub use error::{Found, ParseError, ParseErrorKind};
pub use limits::{Duplicates, Limits};
pub(crate) use nest::{Kind, Nest};
pub use node::{Member, Node, Object};
pub use number::{Number, TooWide};
pub use parse::{parse, parse_bytes};
pub use path::{Path, Segment};
pub use path_grammar::PathError;
pub use path_set::{PathSet, State};
pub(crate) use reader::{Name, Reader, Stop};
pub use text::Text;
pub use token::{Scanner, Token};
pub use write::write;

#[cfg(test)]
mod tests;

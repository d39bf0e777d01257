//! Presets: envelopes and page lists that are data, ours in the binary and a user's beside routes.yaml.
//!
//! A user's `presets/envelopes/NAME.yaml` or `presets/pages/NAME.yaml` is written in the same words as the `unwrap` and `page` mappings
//! and goes before one of ours with the same name.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::compiler::Compiler;
use super::schemas::not_utf8;
use crate::shape::{Paging, Unwrap};
use crate::spec::{self, At, EnvelopeSpec, PagingMapSpec, Problem, Problems, Source};

pub(super) const ENVELOPES: [(&str, &str); 5] = [
    ("jeecg", include_str!("presets/envelopes/jeecg.yaml")),
    ("litemall", include_str!("presets/envelopes/litemall.yaml")),
    ("mall", include_str!("presets/envelopes/mall.yaml")),
    ("newbee", include_str!("presets/envelopes/newbee.yaml")),
    ("ruoyi", include_str!("presets/envelopes/ruoyi.yaml")),
];

pub(super) const PAGES: [(&str, &str); 5] = [
    ("hal", include_str!("presets/pages/hal.yaml")),
    ("mall", include_str!("presets/pages/mall.yaml")),
    ("mybatis", include_str!("presets/pages/mybatis.yaml")),
    ("ruoyi", include_str!("presets/pages/ruoyi.yaml")),
    ("spring", include_str!("presets/pages/spring.yaml")),
];

/// A kind of preset: where a user's are beside routes.yaml, and which ones are ours.
#[derive(Clone, Copy)]
pub(super) struct Shelf {
    folder: &'static str,
    ours: &'static [(&'static str, &'static str)],
}

pub(super) const ENVELOPE_SHELF: Shelf = Shelf { folder: "presets/envelopes/", ours: &ENVELOPES };
pub(super) const PAGE_SHELF: Shelf = Shelf { folder: "presets/pages/", ours: &PAGES };

impl Compiler<'_> {
    /// The envelope preset of a name. Outer none: no preset has the name; inner none: it is broken, which was told.
    pub(super) fn envelope_preset(&mut self, name: &str) -> Option<Option<Unwrap>> {
        if self.is_unread(ENVELOPE_SHELF, name) {
            return Some(None);
        }
        let text = self.preset_text(ENVELOPE_SHELF, name)?;
        Some(preset(name, &text, |compiler, spec: &EnvelopeSpec| compiler.envelope(&At::root(), spec)).ok().flatten())
    }

    /// The page preset of a name, as [`Compiler::envelope_preset`].
    pub(super) fn page_preset(&mut self, name: &str) -> Option<Option<Paging>> {
        if self.is_unread(PAGE_SHELF, name) {
            return Some(None);
        }
        let text = self.preset_text(PAGE_SHELF, name)?;
        Some(preset(name, &text, |compiler, spec: &PagingMapSpec| compiler.paging(&At::root(), spec)).ok().flatten())
    }

    /// The names of all presets of a kind, sorted.
    pub(super) fn preset_names(&self, shelf: Shelf) -> Vec<String> {
        let users = self.snapshot().under(shelf.folder).filter_map(|(path, _)| path.strip_suffix(".yaml"));
        let mut names: Vec<String> = users.chain(shelf.ours.iter().map(|(name, _)| *name)).map(ToOwned::to_owned).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Says what is wrong with the user's presets, used or not.
    pub(super) fn user_presets(&mut self) {
        for shelf in [ENVELOPE_SHELF, PAGE_SHELF] {
            let files: Vec<(String, &[u8])> =
                self.snapshot().under(shelf.folder).map(|(name, bytes)| (format!("{}{name}", shelf.folder), bytes)).collect();
            for (path, bytes) in files {
                let shown = self.name_beside(&path);
                let Err((source, problems)) = self.user_preset(shelf, &shown, bytes) else { continue };
                problems.into_iter().for_each(|problem| self.push_beside(&path, &source, problem));
            }
        }
    }

    fn user_preset(&self, shelf: Shelf, name: &str, bytes: &[u8]) -> Result<(), (Source, Problems)> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            let (source, problem) = not_utf8(name.to_owned(), bytes, "a preset");
            return Err((source, Problems::from_iter([problem])));
        };
        if !name.ends_with(".yaml") {
            let source = Source::of_text(name.to_owned(), text.to_owned());
            let problem = Problem::at_line(&source, 1, 1, "this file is in a folder of presets and is none");
            return Err((source, Problems::from_iter([problem.hint("name it `NAME.yaml`, or put it elsewhere")])));
        }
        if shelf.folder == ENVELOPE_SHELF.folder {
            preset(name, text, |compiler, spec: &EnvelopeSpec| compiler.envelope(&At::root(), spec)).map(drop)
        } else {
            preset(name, text, |compiler, spec: &PagingMapSpec| compiler.paging(&At::root(), spec)).map(drop)
        }
    }

    fn is_unread(&self, shelf: Shelf, name: &str) -> bool {
        self.snapshot().is_unread(&format!("{}{name}.yaml", shelf.folder))
    }

    fn preset_text(&self, shelf: Shelf, name: &str) -> Option<String> {
        let users = self.snapshot().files.get(&format!("{}{name}.yaml", shelf.folder));
        let users = users.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        users.or_else(|| shelf.ours.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned()))
    }
}

/// Reads and compiles one preset. The inner value is none only when it has problems, which are then the error.
pub(super) fn preset<T, B>(
    name: &str,
    text: &str,
    build: impl FnOnce(&mut Compiler<'_>, &T) -> Option<B>,
) -> Result<Option<B>, (Source, Problems)>
where
    T: DeserializeOwned + JsonSchema,
{
    let (spec, source) = spec::load_preset::<T>(name, text)?;
    let snapshot = spec::Snapshot::default();
    let mut compiler = Compiler::new(&source, &snapshot, Problems::default());
    let built = build(&mut compiler, &spec);
    let (problems, _) = compiler.into_problems();
    if problems.is_empty() { Ok(built) } else { Err((source, problems)) }
}

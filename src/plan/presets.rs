//! Presets: envelopes and page lists that are data, ours in the binary and a user's beside routes.yaml.
//!
//! A user's `presets/envelopes/NAME.yaml` or `presets/pages/NAME.yaml` is written in the same words as the `unwrap` and `page` mappings
//! and goes before one of ours with the same name.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::compiler::Compiler;
use crate::base::suggest;
use crate::shape::{Paging, Unwrap};
use crate::spec::{self, At, EnvelopeSpec, PagingMapSpec, Problems, Report};

const ENVELOPES: [(&str, &str); 5] = [
    ("jeecg", include_str!("presets/envelopes/jeecg.yaml")),
    ("litemall", include_str!("presets/envelopes/litemall.yaml")),
    ("mall", include_str!("presets/envelopes/mall.yaml")),
    ("newbee", include_str!("presets/envelopes/newbee.yaml")),
    ("ruoyi", include_str!("presets/envelopes/ruoyi.yaml")),
];

const PAGES: [(&str, &str); 5] = [
    ("hal", include_str!("presets/pages/hal.yaml")),
    ("mall", include_str!("presets/pages/mall.yaml")),
    ("mybatis", include_str!("presets/pages/mybatis.yaml")),
    ("ruoyi", include_str!("presets/pages/ruoyi.yaml")),
    ("spring", include_str!("presets/pages/spring.yaml")),
];

/// Where a user's presets are, beside routes.yaml.
const ENVELOPE_FOLDER: &str = "presets/envelopes/";
const PAGE_FOLDER: &str = "presets/pages/";

impl Compiler<'_> {
    /// The envelope preset of a name, or none when the name is not a preset's.
    pub(super) fn envelope_preset(&mut self, name: &str) -> Option<Unwrap> {
        let text = self.preset_text(ENVELOPE_FOLDER, &ENVELOPES, name)?;
        preset(name, &text, |compiler, spec: &EnvelopeSpec| compiler.envelope(&At::root(), spec)).ok().flatten()
    }

    /// The page preset of a name; an unknown name is a problem.
    pub(super) fn page_preset(&mut self, at: &At, name: &str) -> Option<Paging> {
        let Some(text) = self.preset_text(PAGE_FOLDER, &PAGES, name) else {
            let names = self.preset_names(PAGE_FOLDER, &PAGES);
            let hint = suggest(name, names.iter().map(String::as_str)).map(ToOwned::to_owned);
            self.unknown(
                at,
                format!("there is no page preset `{name}`"),
                &format!("one of: {}, or a mapping", names.join(", ")),
                hint,
            );
            return None;
        };
        preset(name, &text, |compiler, spec: &PagingMapSpec| compiler.paging(&At::root(), spec)).ok().flatten()
    }

    /// What is wrong with the user's presets, used or not.
    pub(super) fn user_presets(&mut self) -> Vec<String> {
        let mut reports = Vec::new();
        for (path, bytes) in &self.snapshot().files {
            let text = String::from_utf8_lossy(bytes);
            let result = if path.starts_with(ENVELOPE_FOLDER) {
                preset(path, &text, |compiler, spec: &EnvelopeSpec| compiler.envelope(&At::root(), spec)).map(drop)
            } else if path.starts_with(PAGE_FOLDER) {
                preset(path, &text, |compiler, spec: &PagingMapSpec| compiler.paging(&At::root(), spec)).map(drop)
            } else {
                continue;
            };
            reports.extend(result.err());
        }
        reports
    }

    fn preset_text(&self, folder: &str, ours: &[(&str, &str)], name: &str) -> Option<String> {
        let users =
            self.snapshot().files.get(&format!("{folder}{name}.yaml")).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        users.or_else(|| ours.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned()))
    }

    fn preset_names(&self, folder: &str, ours: &[(&str, &str)]) -> Vec<String> {
        let users = self.snapshot().files.keys().filter_map(|path| path.strip_prefix(folder)?.strip_suffix(".yaml"));
        let mut names: Vec<String> = users.chain(ours.iter().map(|(name, _)| *name)).map(ToOwned::to_owned).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// Reads and compiles one preset; the error is its report.
fn preset<T, B>(name: &str, text: &str, build: impl FnOnce(&mut Compiler<'_>, &T) -> Option<B>) -> Result<Option<B>, String>
where
    T: DeserializeOwned + JsonSchema,
{
    let (spec, source) =
        spec::load_preset::<T>(name, text).map_err(|(source, problems)| Report::new(&source, &problems).to_string())?;
    let snapshot = spec::Snapshot::default();
    let mut compiler = Compiler::new(&source, &snapshot, Problems::default(), Vec::new());
    let built = build(&mut compiler, &spec);
    let problems = compiler.into_problems();
    if problems.is_empty() { Ok(built) } else { Err(Report::new(&source, &problems).to_string()) }
}

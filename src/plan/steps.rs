//! `shape`: from a list of one-key maps to steps.

use super::compiler::Compiler;
use crate::json::{Path, Segment};
use crate::shape::{
    Action, Arrays, Beyond, Case, CaseOptions, Copy, Defaults, DefaultsOptions, Each, EachOptions, EmptyOptions, Fate, Flatten,
    FlattenOptions, Group, GroupForm, GroupOptions, Join, Merge, MergeConflict, MergeOptions, Move, Nan, Nulls, NullsOptions,
    Numbers, NumbersOptions, Omit, Pick, PickOptions, Rename, Spelling, Step, StepError, When, Wrap,
};
use crate::spec::{
    self, At, CaseKind, CaseSpec, FlattenArraysSpec, FlattenMapSpec, FlattenSpec, KeepOrDrop, LevelsSpec, NanSpec, NanWord,
    NullsMapSpec, NullsSpec, NumbersSpec, PickSpec, Problem, StepSpec, UnsafeNumbersSpec,
};

/// The steps of a route that names none, in a file that names none either.
pub(super) fn default_steps() -> Option<Vec<Step>> {
    let nulls = Nulls::new(NullsOptions::default()).ok()?;
    Some(vec![Step { when: None, action: Action::Nulls(nulls) }])
}

impl Compiler<'_> {
    /// The steps of a list; none when one of them cannot be built.
    pub(super) fn steps(&mut self, at: &At, specs: &[StepSpec]) -> Option<Vec<Step>> {
        let steps: Vec<Option<Step>> = specs.iter().enumerate().map(|(index, spec)| self.step(&at.index(index), spec)).collect();
        steps.into_iter().collect()
    }

    fn step(&mut self, at: &At, spec: &StepSpec) -> Option<Step> {
        let when = match &spec.when {
            None => None,
            Some(when) => {
                let below = at.key("when");
                let path = self.path(&below.key("path"), &when.path);
                let equals = when.equals.as_ref().map(|_| self.literal(&below.key("equals")));
                Some(When { path: path?, equals })
            }
        };
        let action = self.action(at, spec);
        Some(Step { when, action: action? })
    }

    /// The one action of a step; `spec` has seen to it that there is exactly one.
    fn action(&mut self, at: &At, spec: &StepSpec) -> Option<Action> {
        if let Some(unwrap) = &spec.unwrap {
            return self.unwrap(&at.key("unwrap"), unwrap).map(Action::Unwrap);
        }
        if let Some(paging) = &spec.page {
            return self.paging_step(&at.key("page"), paging).map(Action::Page);
        }
        if let Some(nulls) = &spec.nulls {
            return self.nulls(&at.key("nulls"), nulls).map(Action::Nulls);
        }
        if let Some(flatten) = &spec.flatten {
            return self.flatten(&at.key("flatten"), flatten).map(Action::Flatten);
        }
        if let Some(pick) = &spec.pick {
            return self.pick(&at.key("pick"), pick).map(Action::Pick);
        }
        if let Some(omit) = &spec.omit {
            let at = at.key("omit");
            let paths = self.one_or_many(&at, omit);
            return self.built(&at, paths.map(Omit::new)).map(Action::Omit);
        }
        if let Some(rename) = &spec.rename {
            let at = at.key("rename");
            let entries: Vec<_> =
                rename.iter().map(|(from, to)| Some((self.new_name(&at.key(from), from, to)?, to.clone()))).collect();
            let entries: Option<Vec<_>> = entries.into_iter().collect();
            return self.built(&at, entries.map(Rename::new)).map(Action::Rename);
        }
        if let Some(entries) = &spec.move_ {
            let at = at.key("move");
            let entries = self.path_pairs(&at, entries);
            return self.built(&at, entries.map(Move::new)).map(Action::Move);
        }
        if let Some(entries) = &spec.copy {
            let at = at.key("copy");
            let entries = self.path_pairs(&at, entries);
            return self.built(&at, entries.map(Copy::new)).map(Action::Copy);
        }
        if let Some(each) = &spec.each {
            let at = at.key("each");
            let list = self.path(&at.key("in"), &each.list);
            let steps = self.steps(&at.key("steps"), &each.steps);
            let options = list.zip(steps).map(|(list, steps)| EachOptions { list, steps });
            return self.built(&at, options.map(Each::new)).map(Action::Each);
        }
        if let Some(values) = &spec.default {
            let at = at.key("default");
            let values: Vec<_> =
                values.keys().map(|path| Some((self.key_path(&at.key(path), path)?, self.literal(&at.key(path))))).collect();
            let values: Option<Vec<_>> = values.into_iter().collect();
            return self.built(&at, values.map(|values| Defaults::new(DefaultsOptions { values }))).map(Action::Default);
        }
        if let Some(convert) = &spec.convert {
            return self.convert(&at.key("convert"), convert).map(Action::Convert);
        }
        if let Some(numbers) = &spec.numbers {
            if numbers.beyond.is_none() && numbers.nan.is_none() && numbers.always_string.is_empty() {
                let problem = Problem::new(at.key("numbers"), "`numbers` names no rule for numbers");
                self.push(problem.hint("leave the step out, or give it something to do"));
            }
            return self.built(&at.key("numbers"), Some(Numbers::new(numbers_options(numbers)))).map(Action::Numbers);
        }
        if let Some(case) = &spec.case {
            return self.case(&at.key("case"), case).map(Action::Case);
        }
        if let Some(group) = &spec.group {
            let at = at.key("group");
            let list = self.path(&at.key("in"), &group.list);
            let by = self.path(&at.key("by"), &group.by);
            let form = match group.into {
                Some(spec::GroupForm::Map) => GroupForm::Map,
                None | Some(spec::GroupForm::Entries) => GroupForm::Entries,
            };
            let missing = group.missing.clone().unwrap_or_default();
            let options = list.zip(by).map(|(list, by)| GroupOptions { list, by, form, missing });
            return self.built(&at, options.map(Group::new)).map(Action::Group);
        }
        if let Some(key) = &spec.wrap {
            return self.built(&at.key("wrap"), Some(Wrap::new(key.clone()))).map(Action::Wrap);
        }
        if let Some(merge) = &spec.merge {
            let at = at.key("merge");
            let from = self.all_paths(&at.key("from"), &merge.from);
            let into = self.path(&at.key("into"), &merge.into);
            let on_conflict = match merge.on_conflict {
                None | Some(spec::MergeConflict::Last) => MergeConflict::Last,
                Some(spec::MergeConflict::First) => MergeConflict::First,
                Some(spec::MergeConflict::Error) => MergeConflict::Error,
            };
            let options = from.zip(into).map(|(from, into)| MergeOptions { from, into, on_conflict });
            return self.built(&at, options.map(Merge::new)).map(Action::Merge);
        }
        self.problem(at, "a step without a name".to_owned());
        None
    }

    /// What a constructor built; its complaint is a problem.
    pub(super) fn built<T>(&mut self, at: &At, result: Option<Result<T, StepError>>) -> Option<T> {
        match result? {
            Ok(built) => Some(built),
            Err(error) => {
                let message = error.message();
                let step = at.last().unwrap_or_default();
                let problem = match message.strip_prefix("names ") {
                    Some(rest) => {
                        Problem::new(at, format!("`{step}` names {rest}")).hint("leave the step out, or give it something to do")
                    }
                    None => Problem::new(self.spoken_of(at, message), message),
                };
                // Where entries have paths for keys, it is the entry that is wrong.
                let entries = match step {
                    "rename" | "move" | "copy" => Some(at.clone()),
                    "nulls" => Some(at.key("to")),
                    _ => None,
                };
                let is_entry = entries.is_some() && problem.at.parent() == entries;
                self.push(if is_entry && !error.is_of_value() { problem.at_key() } else { problem });
                None
            }
        }
    }

    /// The place in a step that a message speaks of: the names in it, as far as they lead from one to the next.
    fn spoken_of(&self, at: &At, message: &str) -> At {
        let names = message.split('`').skip(1).step_by(2);
        names.fold(at.clone(), |at, name| self.source().locate(&at, name).unwrap_or(at))
    }

    fn path_pairs(&mut self, at: &At, entries: &indexmap::IndexMap<String, String>) -> Option<Vec<(Path, Path)>> {
        let pairs: Vec<_> = entries
            .iter()
            .map(|(from, to)| {
                let at = at.key(from);
                self.key_path(&at, from).zip(self.path(&at, to))
            })
            .collect();
        pairs.into_iter().collect()
    }

    /// The path of members that get a new name; warns of a name that reads as a path.
    fn new_name(&mut self, at: &At, from: &str, to: &str) -> Option<Path> {
        let path = self.key_path(at, from)?;
        let (Some((Segment::Key(old), above)), Ok(target)) = (path.segments().split_last(), Path::parse(to)) else {
            return Some(path);
        };
        // Whoever renames a name with a dot in it knows of dots in names.
        if let Some((Segment::Key(new), there @ [_, ..])) = target.segments().split_last()
            && !old.contains('.')
            && !to.contains(char::is_whitespace)
        {
            let is_member = |segment: &Segment| matches!(segment, Segment::Key(_));
            let instead = if above == there {
                format!(": write `{new}`, the new name alone, if it shall stay where it is")
            } else if above.iter().chain(there).all(is_member) && !from.contains(['"', '\\']) {
                format!(": write `move: {{\"{from}\": \"{to}\"}}` if it shall stand there")
            } else {
                String::new()
            };
            self.warn(at, format!("`{to}` is one name here, and no path{instead}"));
        }
        Some(path)
    }

    fn nulls(&mut self, at: &At, spec: &NullsSpec) -> Option<Nulls> {
        let none = NullsMapSpec::default();
        let (map, members) = match spec {
            NullsSpec::Members(members) => (&none, Some(*members)),
            NullsSpec::Mapping(map) => (&**map, map.members),
        };
        let empty = map.empty.clone().unwrap_or_default();
        let below = at.key("to");
        let to: Vec<_> =
            map.to.keys().map(|path| Some((self.key_path(&below.key(path), path)?, self.literal(&below.key(path))))).collect();
        let to: Option<Vec<_>> = to.into_iter().collect();
        let except = self.all_paths(&at.key("except"), &map.except);
        let options = to.zip(except).map(|(to, except)| NullsOptions {
            members: fate(members, Fate::Drop),
            elements: fate(map.elements, Fate::Keep),
            empty: EmptyOptions {
                strings: fate(empty.strings, Fate::Keep),
                objects: fate(empty.objects, Fate::Keep),
                arrays: fate(empty.arrays, Fate::Keep),
            },
            emptied: fate(map.emptied, Fate::Keep),
            except,
            to,
        });
        self.built(at, options.map(Nulls::new))
    }

    fn flatten(&mut self, at: &At, spec: &FlattenSpec) -> Option<Flatten> {
        let none = FlattenMapSpec::default();
        let map = match spec {
            FlattenSpec::Whole(true) => &none,
            FlattenSpec::Whole(false) => {
                self.expected(at, "`flatten: false` does nothing".to_owned(), "`true`, a mapping, or no such step");
                return None;
            }
            FlattenSpec::Mapping(map) => map,
        };
        let path = match &map.at {
            None => None,
            Some(path) => Some(self.path(&at.key("at"), path)?),
        };
        let except = self.all_paths(&at.key("except"), &map.except)?;
        let options = FlattenOptions {
            at: path,
            levels: match map.levels {
                None | Some(LevelsSpec::All(_)) => None,
                Some(LevelsSpec::Count(levels)) => Some(levels),
            },
            join: match map.join.as_deref() {
                None => Join::Text("_".to_owned()),
                Some("camel") => Join::Camel,
                Some(text) => Join::Text(text.to_owned()),
            },
            arrays: match map.arrays {
                None | Some(FlattenArraysSpec::Keep) => Arrays::Keep,
                Some(FlattenArraysSpec::Each) => Arrays::Each,
                Some(FlattenArraysSpec::Index) => Arrays::Index,
            },
            except,
        };
        self.built(at, Some(Flatten::new(options)))
    }

    fn pick(&mut self, at: &At, spec: &PickSpec) -> Option<Pick> {
        let (path, fields) = match spec {
            PickSpec::Fields(fields) => (None, self.all_paths(at, fields)?),
            PickSpec::At(spec) => {
                let path = match &spec.at {
                    None => None,
                    Some(path) => Some(self.path(&at.key("at"), path)?),
                };
                (path, self.all_paths(&at.key("fields"), &spec.fields)?)
            }
        };
        self.built(at, Some(Pick::new(PickOptions { at: path, fields })))
    }

    fn case(&mut self, at: &At, spec: &CaseSpec) -> Option<Case> {
        let (to, except, stop) = match spec {
            CaseSpec::To(to) => (*to, Vec::new(), Vec::new()),
            CaseSpec::Mapping(map) => (map.to, map.except.clone(), self.all_paths(&at.key("stop"), &map.stop)?),
        };
        let to = match to {
            CaseKind::Camel => Spelling::Camel,
            CaseKind::Snake => Spelling::Snake,
            CaseKind::Kebab => Spelling::Kebab,
            CaseKind::Pascal => Spelling::Pascal,
        };
        self.built(at, Some(Case::new(CaseOptions { to, except, stop })))
    }
}

fn fate(spec: Option<KeepOrDrop>, default: Fate) -> Fate {
    match spec {
        None => default,
        Some(KeepOrDrop::Keep) => Fate::Keep,
        Some(KeepOrDrop::Drop) => Fate::Drop,
    }
}

fn numbers_options(spec: &NumbersSpec) -> NumbersOptions {
    NumbersOptions {
        beyond: match spec.beyond {
            None | Some(UnsafeNumbersSpec::Keep) => Beyond::Keep,
            Some(UnsafeNumbersSpec::String) => Beyond::String,
        },
        always_string: spec.always_string.clone(),
        nan: spec.nan.as_ref().map(|nan| match nan {
            NanSpec::Null(()) => Nan::Null,
            NanSpec::Word(NanWord::String) => Nan::String,
            NanSpec::Word(NanWord::Error) => Nan::Error,
        }),
    }
}

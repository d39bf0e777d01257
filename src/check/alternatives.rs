//! `anyOf` and `oneOf`, told so that it helps: the faults of the form that was meant, not a riddle about all of them.

use jsonschema::types::JsonType;
use serde_json::Value;

use super::explain::path_to;
use super::faults::{Asks, Fault, faults};
use super::judge::Judge;
use super::words::{must_be, one_of};

/// How many forms a message describes.
const MOST_FORMS: usize = 5;

type Form<'g, 'd> = Vec<Fault<'g, 'd>>;

/// How a fault is told.
#[derive(Debug)]
pub(super) enum Told<'g, 'd> {
    /// As the faults of the form that was meant.
    Meant(Form<'g, 'd>),
    /// As it is.
    Is { path: String, rule: String, message: String },
}

/// Tells a fault; one of forms as the faults of one of them when it is clear which was meant.
pub(super) fn tell<'g, 'd>(judge: &mut Judge<'g>, name: &str, fault: Fault<'g, 'd>) -> Told<'g, 'd> {
    let path = path_to(name, &fault);
    let rule = fault.rule.clone();
    let Some((subs, node)) = fault.forms else { return Told::Is { path, rule, message: fault.message } };
    let here = fault.at.len();
    let mut all: Vec<Form<'_, '_>> = subs.iter().map(|sub| faults(judge, *sub, fault.at.clone(), node)).collect();
    if let Some(types) = each(&all, |form| wrong_type(form, here)) {
        return Told::Is { path, rule, message: must_be(&types.concat()) };
    }
    if let Some(options) = each(&all, |form| wrong_option(form, here)) {
        return Told::Is { path, rule, message: one_of(options.concat().into_iter()) };
    }
    all.retain(|form| wrong_type(form, here).is_none());
    let meant: Vec<usize> =
        (0..all.len()).filter(|at| all.get(*at).is_some_and(|form| discriminator(form, here).is_none())).collect();
    let one = match (meant.as_slice(), all.len()) {
        ([one], _) => Some(*one),
        ([], 1) => Some(0),
        _ => None,
    };
    if let Some(one) = one.filter(|one| *one < all.len()) {
        return Told::Meant(all.swap_remove(one));
    }
    if meant.is_empty() {
        return by_discriminator(name, &all, here).unwrap_or_else(|| Told::Is { path, rule, message: forms(name, all.iter()) });
    }
    Told::Is { path, rule, message: forms(name, meant.iter().filter_map(|at| all.get(*at))) }
}

/// What `f` says of every form, if it says something of each.
fn each<'f, 'g, 'd, T>(forms: &'f [Form<'g, 'd>], f: impl Fn(&'f Form<'g, 'd>) -> Option<T>) -> Option<Vec<T>> {
    if forms.is_empty() { None } else { forms.iter().map(f).collect() }
}

/// The types a form asks for, when the value is of none of them.
fn wrong_type(form: &Form<'_, '_>, here: usize) -> Option<Vec<JsonType>> {
    form.iter().find_map(|fault| match &fault.asks {
        Asks::Types(types) if fault.at.len() == here => Some(types.clone()),
        _ => None,
    })
}

/// The values a form allows here, when that is all it asks.
fn wrong_option<'f>(form: &'f Form<'_, '_>, here: usize) -> Option<Vec<&'f Value>> {
    match form.as_slice() {
        [fault] if fault.at.len() == here => options_of(fault),
        _ => None,
    }
}

fn options_of<'f>(fault: &'f Fault<'_, '_>) -> Option<Vec<&'f Value>> {
    match &fault.asks {
        Asks::OneOf(options) => options.as_array().map(|options| options.iter().collect()),
        Asks::Just(value) => Some(vec![&**value]),
        _ => None,
    }
}

/// The fault of a member of the value itself, such as `kind`, that says that another form was meant.
fn discriminator<'f, 'g, 'd>(form: &'f Form<'g, 'd>, here: usize) -> Option<&'f Fault<'g, 'd>> {
    form.iter().find(|fault| fault.at.len() == here + 1 && options_of(fault).is_some())
}

/// When every form is told by the same member and it has none of their values, that is what is wrong.
fn by_discriminator<'g, 'd>(name: &str, all: &[Form<'g, 'd>], here: usize) -> Option<Told<'g, 'd>> {
    let found: Vec<&Fault<'_, '_>> = all.iter().filter_map(|form| discriminator(form, here)).collect();
    let first = found.first()?;
    let path = path_to(name, first);
    if found.iter().any(|fault| path_to(name, fault) != path) {
        return None;
    }
    let options: Vec<&Value> = found.iter().filter_map(|fault| options_of(fault)).flatten().collect();
    Some(Told::Is { path, rule: first.rule.clone(), message: one_of(options.into_iter()) })
}

/// The forms in one sentence, each by the first things it lacks.
fn forms<'f, 'g: 'f, 'd: 'f>(name: &str, forms: impl Iterator<Item = &'f Form<'g, 'd>>) -> String {
    let forms: Vec<_> = forms.collect();
    let mut told: Vec<String> = forms
        .iter()
        .take(MOST_FORMS)
        .map(|form| {
            let mut first: Vec<String> = form.iter().take(3).map(|fault| one(name, fault)).collect();
            first.dedup();
            first.join(" and ")
        })
        .collect();
    told.dedup();
    let more = if forms.len() > MOST_FORMS { "; …" } else { "" };
    format!("fits none of the allowed forms: {}{more}", told.join("; or "))
}

fn one(name: &str, fault: &Fault<'_, '_>) -> String {
    let path = path_to(name, fault);
    if path.is_empty() { format!("it {}", fault.message) } else { format!("{path} {}", fault.message) }
}

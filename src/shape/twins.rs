//! Names that stand twice in an object after a step gave some members new ones.

use std::collections::{HashMap, HashSet};

use crate::json::{Object, Text};

/// How many pairs of names are compared one by one; above it a table pays.
const PAIRS: usize = 256;

/// Leaves one member of each name that a touched member shares with another: the last value, at the first one's place.
///
/// `touched` are places in the object, ascending. `met` hears each such name once, in no order.
pub(super) fn settle(object: &mut Object<'_>, touched: &[usize], mut met: impl FnMut(&str)) {
    if touched.is_empty() || !any_meet(object, touched) {
        return;
    }
    let mut names: HashMap<String, Name> = HashMap::with_capacity(object.len());
    let mut touched = touched.iter().copied().peekable();
    for (at, member) in object.members().iter().enumerate() {
        let is_touched = touched.next_if_eq(&at).is_some();
        let name = names.entry(member.key.decode().into_owned()).or_insert(Name { first: at, last: at, touched: false });
        name.last = at;
        name.touched |= is_touched;
    }
    names.retain(|_, name| name.touched && name.first != name.last);
    for (text, name) in &names {
        met(text);
        let members = object.members_mut();
        let value = members.get_mut(name.last).map(|member| std::mem::take(&mut member.value));
        if let (Some(value), Some(first)) = (value, members.get_mut(name.first)) {
            first.value = value;
        }
    }
    let mut places = 0..;
    object.members_mut().retain(|member| {
        let at = places.next().unwrap_or_default();
        names.get(&*member.key.decode()).is_none_or(|name| name.first == at)
    });
}

/// Where a name stands.
struct Name {
    first: usize,
    last: usize,
    touched: bool,
}

fn any_meet(object: &Object<'_>, touched: &[usize]) -> bool {
    let members = object.members();
    if touched.len().saturating_mul(members.len()) > PAIRS {
        let mut names: HashSet<&Text<'_>> = HashSet::with_capacity(members.len());
        return !members.iter().all(|member| names.insert(&member.key));
    }
    touched.iter().any(|at| {
        let Some(this) = members.get(*at) else { return false };
        members.iter().enumerate().any(|(other, member)| other != *at && member.key == this.key)
    })
}

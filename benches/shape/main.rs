//! Cleaning a reply: the product's two forms beside `serde_json::Value` and `simd-json` doing the same job, in one run.
//!
//! `cargo bench --bench shape`. Every figure is the fastest of many rounds, which is the one that other programs disturb least.

#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark prints, and may stop")]

mod documents;

use std::hint::black_box;
use std::time::{Duration, Instant};

use forecourt::json::{self, Limits, Node, Path};
use forecourt::shape::{
    Action, Arrays, Flatten, FlattenOptions, Fused, Join, MissingData, MissingVerdict, Notes, Nulls, NullsOptions, Payload,
    Shape, Step, Unwrap, UnwrapOptions,
};
use serde_json::{Map, Value};

#[global_allocator]
static ALLOCATOR: forecourt::cli::Allocator = forecourt::cli::Allocator;

/// How long one document and one job are measured, all forms together.
const BUDGET: Duration = Duration::from_secs(3);

fn main() {
    // As on the thread of a worker.
    ALLOCATOR.remember();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/json-benchmark");
    let file = |name: &str| std::fs::read_to_string(format!("{data}/{name}.json")).unwrap();
    println!("| document | job | form | us | GB/s | x serde_json | x memcpy |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (name, text, envelope) in [
        ("small", documents::small(), true),
        ("medium", documents::medium(), true),
        ("large", documents::large(), true),
        ("citm_catalog", file("citm_catalog"), false),
        ("canada", file("canada"), false),
    ] {
        table(name, &text, "strip", &[nulls()], strip, strip_simd);
        if envelope {
            let steps = [unwrap(), nulls(), flatten()];
            table(name, &text, "unwrap, strip, flatten", &steps, clean, clean_simd);
        }
    }
}

/// The rows of one document and one job, all forms checked to give the same value.
fn table(
    name: &str,
    text: &str,
    job: &str,
    steps: &[Step],
    by_serde: impl Fn(&mut Value),
    by_simd: impl Fn(&mut simd_json::BorrowedValue<'_>),
) {
    let fused = Fused::new(steps);
    let shape = Shape::new(steps.to_vec(), false);
    let with_serde = || {
        let mut value: Value = serde_json::from_slice(text.as_bytes()).unwrap();
        by_serde(&mut value);
        serde_json::to_vec(&value).unwrap()
    };
    let mut buffer = Vec::new();
    let mut with_simd = || {
        buffer.clear();
        buffer.extend_from_slice(text.as_bytes());
        let mut value = simd_json::to_borrowed_value(&mut buffer).unwrap();
        by_simd(&mut value);
        simd_json::prelude::Writable::encode(&value).into_bytes()
    };
    let with_fused = || {
        let text = simdutf8::basic::from_utf8(text.as_bytes()).unwrap();
        fused.run(text, 128).expect("the document is one that the steps were written for")
    };
    let with_reference = || {
        let mut tree: Node<'_> = json::parse(text, &Limits::default()).unwrap();
        shape.run(&mut tree, &mut Notes::new()).unwrap();
        tree.to_json()
    };
    let value = |bytes: Vec<u8>| serde_json::from_slice::<Value>(&bytes).unwrap();
    assert_eq!(value(with_fused()), value(with_serde()), "{name}, {job}");
    assert_eq!(with_fused(), with_reference(), "{name}, {job}");
    let mut copy = || text.as_bytes().to_vec();
    let times =
        fastest([&mut || black_box(with_serde()), &mut with_simd, &mut || with_reference(), &mut || with_fused(), &mut copy]);
    let [base, .., copied] = times;
    for (form, time) in ["serde_json", "simd-json", "reference", "fused"].into_iter().zip(times) {
        let us = time.as_secs_f64() * 1e6;
        println!(
            "| {name} | {job} | {form} | {us:.1} | {:.2} | {:.1} | {:.1} |",
            text.len() as f64 / 1e3 / us,
            base.as_secs_f64() / time.as_secs_f64(),
            time.as_secs_f64() / copied.as_secs_f64()
        );
    }
}

/// The fastest round of each job. They take turns, so that what disturbs the machine disturbs all of them.
fn fastest<const N: usize>(mut jobs: [&mut dyn FnMut() -> Vec<u8>; N]) -> [Duration; N] {
    let (start, mut best) = (Instant::now(), [Duration::MAX; N]);
    let mut batches = [1; N];
    while start.elapsed() < BUDGET {
        for ((job, best), batch) in jobs.iter_mut().zip(&mut best).zip(&mut batches) {
            let round = Instant::now();
            for _ in 0..*batch {
                black_box(job());
            }
            let time = round.elapsed();
            *best = (*best).min(time / *batch);
            if time < Duration::from_millis(1) {
                *batch *= 2;
            }
        }
    }
    best
}

fn nulls() -> Step {
    Step::new(Action::Nulls(Nulls::new(NullsOptions::default()).unwrap()))
}

fn flatten() -> Step {
    let options = FlattenOptions { join: Join::Text(".".to_owned()), arrays: Arrays::Each, ..FlattenOptions::default() };
    Step::new(Action::Flatten(Flatten::new(options).unwrap()))
}

fn unwrap() -> Step {
    let zero = json::parse("0", &Limits::default()).unwrap();
    let options = UnwrapOptions {
        data: vec![Payload::At(Path::parse("data").unwrap())],
        ok: vec![(Path::parse("code").unwrap(), vec![zero])],
        missing: MissingVerdict::Ok,
        message: vec![Path::parse("message").unwrap()],
        status: vec![],
        otherwise: 502,
        missing_data: MissingData::Value(Node::Null),
    };
    Step::new(Action::Unwrap(Unwrap::new(options).unwrap()))
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(strip);
        }
        Value::Array(elements) => elements.iter_mut().for_each(strip),
        _ => {}
    }
}

fn clean(value: &mut Value) {
    *value = value["data"].take();
    strip(value);
    flat(value);
}

fn flat(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let mut lifted = Map::new();
            lift(std::mem::take(members), &mut String::new(), &mut lifted);
            *members = lifted;
        }
        Value::Array(elements) => elements.iter_mut().for_each(flat),
        _ => {}
    }
}

fn lift(members: Map<String, Value>, prefix: &mut String, lifted: &mut Map<String, Value>) {
    let before = prefix.len();
    for (name, mut value) in members {
        prefix.push_str(&name);
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                prefix.push('.');
                lift(inner, prefix, lifted);
            }
            _ => {
                flat(&mut value);
                lifted.insert(prefix.clone(), value);
            }
        }
        prefix.truncate(before);
    }
}

fn strip_simd(value: &mut simd_json::BorrowedValue<'_>) {
    use simd_json::BorrowedValue;
    match value {
        BorrowedValue::Object(members) => {
            members.retain(|_, value| !matches!(value, BorrowedValue::Static(simd_json::StaticNode::Null)));
            members.values_mut().for_each(strip_simd);
        }
        BorrowedValue::Array(elements) => elements.iter_mut().for_each(strip_simd),
        _ => {}
    }
}

fn clean_simd(value: &mut simd_json::BorrowedValue<'_>) {
    use simd_json::BorrowedValue;
    if let BorrowedValue::Object(members) = value {
        *value = members.remove("data").unwrap();
    }
    strip_simd(value);
    flat_simd(value);
}

fn flat_simd(value: &mut simd_json::BorrowedValue<'_>) {
    use simd_json::BorrowedValue;
    match value {
        BorrowedValue::Object(members) => {
            let mut lifted = simd_json::borrowed::Object::new();
            lift_simd(std::mem::take(&mut **members), &mut String::new(), &mut lifted);
            **members = lifted;
        }
        BorrowedValue::Array(elements) => elements.iter_mut().for_each(flat_simd),
        _ => {}
    }
}

fn lift_simd<'v>(members: simd_json::borrowed::Object<'v>, prefix: &mut String, lifted: &mut simd_json::borrowed::Object<'v>) {
    use simd_json::BorrowedValue;
    let before = prefix.len();
    for (name, mut value) in members {
        prefix.push_str(&name);
        match value {
            BorrowedValue::Object(inner) if !inner.is_empty() => {
                prefix.push('.');
                lift_simd(*inner, prefix, lifted);
            }
            _ => {
                flat_simd(&mut value);
                lifted.insert(prefix.clone().into(), value);
            }
        }
        prefix.truncate(before);
    }
}

//! Durations, sizes and shares in the units of other habits, and how they are written here.

/// `800 ms`, `5 seconds`, `2d`.
pub(super) fn duration(text: &str) -> Option<String> {
    let (number, unit) = parts(text)?;
    let unit = match unit.to_lowercase().as_str() {
        "ms" | "msec" | "msecs" | "milli" | "millis" | "millisecond" | "milliseconds" => "ms",
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => return number.parse::<u64>().ok()?.checked_mul(24).map(|hours| format!("{hours}h")),
        _ => return None,
    };
    Some(format!("{number}{unit}"))
}

/// `1mb`, `8 kilobytes`.
pub(super) fn size(text: &str) -> Option<String> {
    let (number, unit) = parts(text)?;
    let unit = match unit.to_lowercase().as_str() {
        "b" | "byte" | "bytes" => "B",
        "k" | "kb" | "kilobyte" | "kilobytes" => "kB",
        "kib" => "KiB",
        "m" | "mb" | "meg" | "megabyte" | "megabytes" => "MB",
        "mib" => "MiB",
        "g" | "gb" | "gigabyte" | "gigabytes" => "GB",
        "gib" => "GiB",
        _ => return None,
    };
    Some(format!("{number}{unit}"))
}

/// `20`, `0.2`, `20 %`, `20 percent`.
pub(super) fn share(text: &str) -> Option<String> {
    let (number, unit) = parts(text)?;
    let value: f64 = number.parse().ok()?;
    match unit.to_lowercase().as_str() {
        "" if value > 0.0 && value < 1.0 => Some(format!("{}%", (value * 10_000.0).round() / 100.0)),
        "" | "%" | "percent" | "pct" => Some(format!("{number}%")),
        _ => None,
    }
}

/// A number, and the word behind it.
fn parts(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let is_number = number.starts_with(|c: char| c.is_ascii_digit()) && number.ends_with(|c: char| c.is_ascii_digit());
    is_number.then(|| (number, unit.trim_start_matches([' ', '_']).trim_end_matches('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_is_written_as_it_is_here() {
        for (text, meant) in [
            ("800 ms", Some("800ms")),
            ("5sec", Some("5s")),
            ("1.5 Minutes", Some("1.5m")),
            ("2d", Some("48h")),
            ("2 weeks", None),
            ("ms", None),
            ("1.", None),
        ] {
            assert_eq!(duration(text).as_deref(), meant, "{text}");
            assert!(meant.is_none_or(|meant| crate::base::duration::parse(meant).is_ok()), "{text}");
        }
        for (text, meant) in
            [("1mb", Some("1MB")), ("8 kilobytes", Some("8kB")), ("1 mib", Some("1MiB")), ("lots", None), ("", None)]
        {
            assert_eq!(size(text).as_deref(), meant, "{text}");
            assert!(meant.is_none_or(|meant| crate::base::size::parse(meant).is_ok()), "{text}");
        }
        for (text, meant) in [
            ("20", Some("20%")),
            ("0.2", Some("20%")),
            ("0.005", Some("0.5%")),
            ("20 percent", Some("20%")),
            ("1", Some("1%")),
            ("most", None),
        ] {
            assert_eq!(share(text).as_deref(), meant, "{text}");
            assert!(meant.is_none_or(|meant| crate::base::share::Share::parse(meant).is_ok()), "{text}");
        }
    }
}

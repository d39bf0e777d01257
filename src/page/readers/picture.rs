//! Sizes and formats of pictures.

use tera::Value;

use super::Refusal;

/// A size in pixels, not 0.
pub(in crate::page) fn pixels(value: &Value) -> Result<u64, Refusal> {
    value.as_u64().filter(|pixels| *pixels > 0).ok_or_else(|| Refusal::new("whole numbers of pixels", value))
}

/// The name of a format, as it stands behind `image/`.
pub(in crate::page) fn format_name(value: &Value) -> Result<String, Refusal> {
    let name = value.to_string();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_name {
        Ok(name)
    } else {
        Err(Refusal::new("names such as webp", value).near(name.strip_prefix("image/").map(ToOwned::to_owned)))
    }
}

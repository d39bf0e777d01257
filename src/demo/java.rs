//! Bodies as a Java backend writes them: envelopes, nulls, longs, BigDecimals, `+0800`.

use super::goods::{Item, SELLERS};

/// A JSON string.
pub(super) fn text(plain: &str) -> String {
    serde_json::Value::from(plain).to_string()
}

fn maybe(plain: Option<&str>) -> String {
    plain.map_or_else(|| "null".to_owned(), text)
}

/// `CommonResult`: the verdict after the payload, as a hash map may well have it.
pub(super) fn envelope(data: &str) -> String {
    format!(r#"{{"data":{data},"message":"success","code":200,"traceId":"7f3c9a52b1d04e68"}}"#)
}

/// A failure that travels under HTTP 200.
pub(super) fn failure(code: u16, message: &str, data: &str) -> String {
    format!(r#"{{"data":{data},"message":{},"code":{code},"traceId":"7f3c9a52b1d04e68"}}"#, text(message))
}

/// Spring Boot's default error body.
pub(super) fn boot_error(status: u16, error: &str, path: &str) -> String {
    format!(
        r#"{{"timestamp":"2024-03-01T02:20:30.123+00:00","status":{status},"error":{},"message":"No message available","path":{}}}"#,
        text(error),
        text(path)
    )
}

/// Spring Boot's body for a request that breaks a bean's constraints.
pub(super) fn binding_errors(path: &str, errors: &[(&str, &str, &str)]) -> String {
    let list: Vec<String> = errors
        .iter()
        .map(|(field, code, message)| {
            format!(
                r#"{{"codes":["{code}.order.{field}","{code}"],"arguments":[{{"codes":["order.{field}"],"defaultMessage":"{field}"}}],"defaultMessage":{},"objectName":"order","field":"{field}","rejectedValue":null,"bindingFailure":false,"code":"{code}"}}"#,
                text(message)
            )
        })
        .collect();
    format!(
        r#"{{"timestamp":"2024-03-01T02:20:30.123+0000","status":400,"error":"Bad Request","errors":[{}],"message":"Validation failed for object='order'. Error count: {}","path":{}}}"#,
        list.join(","),
        errors.len(),
        text(path)
    )
}

/// One article in full: five levels, nulls, a long, a BigDecimal, a flag as 0 or 1, a list in a string, JSON in a string.
pub(super) fn detail(item: &Item) -> String {
    let seller = SELLERS.get(item.seller).map_or_else(|| "null".to_owned(), |seller| {
        format!(
            r#"{{"@class":"com.example.mall.SellerVO","id":{},"name":{},"address":{{"city":{},"street":{},"geo":{{"lat":30.2741,"lng":120.1551,"accuracy":null}}}},"level":{},"contact":{{"phone":null,"email":null}}}}"#,
            seller.id,
            text(seller.name),
            text(seller.city),
            maybe(seller.street),
            seller.level
        )
    });
    let specs = format!(r#"[{{"key":"material","value":{}}},{{"key":"made","value":"by hand"}}]"#, text(item.material));
    format!(
        r#"{{"@class":"com.example.mall.ProductDetailVO","id":{id},"sku_id":{sku},"product_name":{name},"sub_title":{subtitle},"category":{{"id":{category},"name":{category_name},"parent":null}},"brand":{brand},"price":{{"amount":{price},"currency":"EUR","original_amount":{original},"tax":{{"rate":0.190,"included":true,"code":null}}}},"stock":{{"total":{stock},"locked":null,"warehouse":{{"code":"WH01","eta":null}}}},"seller":{seller},"album_pics":"/files/items/{id}.svg,/files/items/{id}-b.svg","spec_data":{specs},"delete_status":0,"publish_status":1,"summary":{summary},"description":null,"video":null,"promotion":null,"create_time":"2024-03-01T10:20:{second:02}.000+0800","update_time":null,"weight":null,"ext_info":{{}},"tags":[]}}"#,
        id = item.id,
        sku = item.sku,
        name = text(item.name),
        subtitle = maybe(item.subtitle),
        category = item.category.0,
        category_name = text(item.category.1),
        brand = maybe(item.brand),
        price = item.price,
        original = item.original.unwrap_or("null"),
        stock = item.stock,
        specs = text(&specs),
        summary = text(item.summary),
        second = item.id,
    )
}

/// One article in a list.
pub(super) fn row(item: &Item) -> String {
    format!(
        r#"{{"id":{},"sku_id":{},"product_name":{},"sub_title":{},"category_id":{},"category_name":{},"price":{{"amount":{},"currency":"EUR","original_amount":{}}},"album_pics":"/files/items/{}.svg","stock":{},"promotion":null,"tags":null,"update_time":null}}"#,
        item.id,
        item.sku,
        text(item.name),
        maybe(item.subtitle),
        item.category.0,
        text(item.category.1),
        item.price,
        item.original.unwrap_or("null"),
        item.id,
        item.stock
    )
}

/// `CommonPage`: one page of rows.
pub(super) fn page(rows: &[String], number: usize, size: usize, total: usize) -> String {
    format!(
        r#"{{"pageNum":{number},"pageSize":{size},"totalPage":{},"total":{total},"list":[{}]}}"#,
        total.div_ceil(size),
        rows.join(",")
    )
}

/// Spring Data's `PageImpl`, first page 0, internals and all.
pub(super) fn spring_page(rows: &[String], number: usize, size: usize, total: usize) -> String {
    let pages = total.div_ceil(size);
    format!(
        r#"{{"content":[{}],"pageable":{{"sort":{{"empty":true,"sorted":false,"unsorted":true}},"pageNumber":{number},"pageSize":{size},"offset":{},"paged":true,"unpaged":false}},"last":{},"totalPages":{pages},"totalElements":{total},"size":{size},"number":{number},"sort":{{"empty":true,"sorted":false,"unsorted":true}},"first":{},"numberOfElements":{},"empty":{}}}"#,
        rows.join(","),
        number * size,
        number + 1 >= pages,
        number == 0,
        rows.len(),
        rows.is_empty()
    )
}

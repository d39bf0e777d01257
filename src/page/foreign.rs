//! What other template languages call things, and what they are called here.

/// What to write instead of a filter that there is not.
pub(super) fn filter(name: &str) -> Option<&'static str> {
    Some(match name {
        "json_encode" | "tojson" | "to_json" | "jsonify" | "json_dumps" | "stringify" | "dump" => {
            "use `json`, or `json_script` inside <script>"
        }
        "e" | "h" | "esc" | "html" | "forceescape" | "force_escape" => "everything that is printed is escaped, so leave it out",
        "raw" | "noescape" | "html_safe" => "use `safe`",
        "d" | "default_if_none" | "or" | "fallback" => "use `default(value=…)`",
        "format" | "sprintf" | "printf" => "join texts with `~`, and write numbers with `decimal` or `money`",
        "linebreaksbr" | "linebreaks" | "nl2br" | "newline_to_br" => "use `newlines_to_br`",
        "as_str" | "string" | "tostring" | "to_s" => "use `str`",
        "count" | "size" | "len" => "use `length`",
        "map" | "filter" | "select" | "reject" | "selectattr" | "rejectattr" | "where" | "pluck" => {
            "use a list such as [item.name for item in items if item.shown]"
        }
        "slice" => "use items[0:3]",
        "substr" | "substring" => "use text[0:5], or `truncate(length=5)`",
        "truncatechars" | "truncatewords" | "limit" | "ellipsis" | "excerpt" => "use `truncate(length=…)`",
        "concat" | "append" | "prepend" => "use `a ~ b` for texts, [...a, ...b] for lists",
        "number_format" | "floatformat" | "toFixed" | "to_fixed" | "number" | "intcomma" | "currency" | "price" => {
            "use `decimal(places=2)`, or `money(currency=\"EUR\")`"
        }
        "pluralise" => "use `plural(one=\"{n} item\", other=\"{n} items\")`",
        "strftime" | "date_format" | "dateformat" | "datetime" | "time" | "format_date" | "localdate" => {
            "use `date(format=\"%d.%m.%Y\")`"
        }
        "timeago" | "timesince" | "naturaltime" => "a page does not know the time: let the backend send it",
        "capfirst" | "ucfirst" | "capitalise" => "use `capitalize`",
        "ucwords" | "titlecase" | "titleize" => "use `title`",
        "upcase" | "uppercase" | "toUpperCase" => "use `upper`",
        "downcase" | "lowercase" | "toLowerCase" => "use `lower`",
        "strip" => "use `trim`",
        "lstrip" | "ltrim" => "use `trim_start`",
        "rstrip" | "rtrim" => "use `trim_end`",
        "strip_tags" | "strip_html" | "striphtml" | "plain" | "plainify" => "use `striptags`",
        "remove" | "cut" => "use `replace(from=…, to=\"\")`",
        "url_encode" | "urlquote" | "encodeURIComponent" | "urlize" | "percent_encode" => "use `urlencode`",
        "absolute_url" | "abs_url" | "asset_url" | "relative_url" => "use `absolute`",
        "sort_by" | "sortby" | "dictsort" | "orderby" | "order_by" | "order" => "use `sort(attribute=…)`",
        "uniq" | "distinct" => "use `unique`",
        "attr" | "dig" => "use `get(key=…)`",
        "items" | "dictitems" | "entries" => "use `{% for key, value in map %}`, or `pairs`",
        "contains" => "use `x is containing(pat=…)`, or `y in x`",
        "startswith" | "starts_with" => "use `x is starting_with(pat=…)`",
        "endswith" | "ends_with" => "use `x is ending_with(pat=…)`",
        "random" | "shuffle" => "a page is the same each time: let the backend choose",
        "sum" | "min" | "max" | "batch" | "chunk" | "markdown" | "markdownify" => "let the backend send it ready",
        "t" | "trans" | "translate" => "there are no translations here: let the backend send the text",
        _ => return None,
    })
}

/// What to write instead of a function that there is not.
pub(super) fn function(name: &str) -> Option<&'static str> {
    Some(match name {
        "now" | "today" | "date" | "Date" | "time" => "a page does not know the time: let the backend send it",
        "url_for" | "url" | "path" | "asset" | "static" | "link_to" => {
            "write the address itself, as in /detail/{{ id | urlencode }}"
        }
        "include" | "partial" | "render" | "embed" => "it is a tag, `{% include \"name.html\" %}`",
        "block" | "yield" | "content" => "it is a tag, `{% block name %}{% endblock %}`",
        "caller" => "a component has its content in `{{ body }}`",
        "dict" | "namespace" | "object" => "write a mapping, {\"name\": value}",
        "len" | "count" | "size" => "it is a filter, `x | length`",
        "print" | "echo" => "write the value alone, `{{ x }}`",
        "_" | "t" | "gettext" | "trans" | "__" => "there are no translations here: let the backend send the text",
        "get_env" | "env" | "config" => "a page knows what the backend sends, `request`, `route` and `site`",
        "csrf_token" | "csrf" => "let the backend send the token",
        "min" | "max" | "sum" | "random" | "get_random" | "cycle" | "cycler" | "joiner" | "lipsum" => {
            "let the backend send it ready"
        }
        "enumerate" | "forloop" => "a loop has its number in `loop.index`",
        "sorted" => "it is a filter, `x | sort`",
        "reversed" => "it is a filter, `x | reverse`",
        "function" | "require" | "eval" => "no JavaScript runs here",
        "number_format" => "it is a filter, `x | decimal(places=2)`",
        "isset" | "empty" | "is_defined" => "use `x is defined`",
        "json" | "tojson" | "JSON" => "it is a filter, `x | json`",
        "parseInt" | "Number" => "use `x | int`",
        "String" => "use `x | str`",
        _ => return None,
    })
}

/// What to write instead of a test that there is not.
pub(super) fn test(name: &str) -> Option<&'static str> {
    Some(match name {
        "null" | "nil" | "None" => "use `x is none`",
        "empty" | "blank" => "use `not x`, or `x | length == 0`",
        "true" | "True" => "write `x` alone",
        "false" | "False" => "write `not x`",
        "list" | "sequence" | "vector" => "use `array`",
        "mapping" | "dict" | "object" | "hash" => "use `map`",
        "text" | "str" => "use `string`",
        "boolean" => "use `bool`",
        "numeric" | "num" => "use `number`",
        "int" => "use `integer`",
        "divisibleby" | "divisible" => "use `divisible_by(divisor=…)`",
        "startingwith" | "startswith" => "use `starting_with(pat=…)`",
        "endingwith" | "endswith" => "use `ending_with(pat=…)`",
        "contains" | "matching" => "use `containing(pat=…)`",
        "in" => "write `x in y`",
        "eq" | "equalto" | "sameas" | "same" | "equal" => "write `x == y`",
        "ne" => "write `x != y`",
        "gt" | "greaterthan" => "write `x > y`",
        "lt" | "lessthan" => "write `x < y`",
        "ge" => "write `x >= y`",
        "le" => "write `x <= y`",
        "present" | "set" => "use `defined`",
        "lower" => "write `x == x | lower`",
        "upper" => "write `x == x | upper`",
        _ => return None,
    })
}

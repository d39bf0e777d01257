//! Documents as a Java shop sends them: the shapes of a detail page and of a long list, with a third of the members null. The same
//! every time.

use std::fmt::Write as _;

const WORDS: [&str; 24] = [
    "classic",
    "cotton",
    "summer",
    "light",
    "slim",
    "outdoor",
    "running",
    "wireless",
    "portable",
    "stainless",
    "premium",
    "organic",
    "vintage",
    "compact",
    "family",
    "travel",
    "kitchen",
    "garden",
    "leather",
    "bamboo",
    "digital",
    "smart",
    "mini",
    "ultra",
];
const HAN: [&str; 12] = ["新款", "夏季", "轻薄", "透气", "运动", "男女", "同款", "百搭", "简约", "时尚", "正品", "包邮"];

/// Numbers that look thrown.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn words(&mut self, least: u64, most: u64) -> String {
        let count = least + self.below(most - least + 1);
        let mut text = String::new();
        for at in 0..count {
            let word = WORDS[self.below(WORDS.len() as u64) as usize];
            let _never_fails = write!(text, "{}{word}", if at == 0 { "" } else { " " });
        }
        text
    }

    fn han(&mut self, least: u64, most: u64) -> String {
        let count = least + self.below(most - least + 1);
        (0..count).map(|_| HAN[self.below(HAN.len() as u64) as usize]).collect()
    }

    fn id(&mut self) -> u64 {
        100_000_000_000 + self.below(1 << 30) * 9_000
    }

    fn time(&mut self) -> String {
        let (month, day, hour) = (self.below(12) + 1, self.below(28) + 1, self.below(24));
        format!(
            "\"2024-{month:02}-{day:02}T{hour:02}:{:02}:{:02}.{:03}+08:00\"",
            self.below(60),
            self.below(60),
            self.below(1000)
        )
    }

    fn url(&mut self) -> String {
        let name: String = (0..24).map(|_| char::from(b"abcdef0123456789"[self.below(16) as usize])).collect();
        format!("\"https://img.example.com/i{}/{name}_800x800.jpg?from=item&q={}\"", self.below(4) + 1, 60 + self.below(36))
    }

    /// A value, or null in so many of a hundred cases.
    fn maybe(&mut self, nulls: u64, value: impl FnOnce(&mut Self) -> String) -> String {
        if self.below(100) < nulls { "null".to_owned() } else { value(self) }
    }

    fn cents(&mut self) -> String {
        format!("{}.{}", self.below(9999) + 1, self.below(9) + 1)
    }

    fn money(&mut self) -> String {
        let (amount, before) = (self.cents(), self.maybe(50, Self::cents));
        format!(r#"{{"amount":{amount},"currency":"CNY","originalAmount":{before}}}"#)
    }

    fn audit(&mut self) -> String {
        let (created, modified) = (self.time(), self.maybe(30, Self::time));
        let creator = self.maybe(30, |dice| format!("\"{}\"", dice.words(1, 1)));
        format!(
            r#"{{"gmtCreate":{created},"gmtModified":{modified},"creator":{creator},"modifier":null,"deleted":false,"version":{}}}"#,
            self.below(10)
        )
    }
}

fn list(count: u64, mut item: impl FnMut() -> String) -> String {
    format!("[{}]", (0..count).map(|_| item()).collect::<Vec<_>>().join(","))
}

fn base(dice: &mut Dice) -> String {
    let title = format!("{} {}", dice.han(3, 4), dice.words(3, 4));
    let brand = dice.maybe(30, |dice| format!("\"{}\"", dice.words(1, 2)));
    let desc = format!(r#"{} \"{}\""#, dice.words(12, 16), dice.words(1, 1));
    let seo =
        format!(r#"{{"title":"{}","description":"{}","keywords":null,"canonical":null}}"#, dice.words(3, 5), dice.words(8, 10));
    let seller = format!(
        r#"{{"id":{},"nick":"{}","level":5,"avatar":null,"contact":{{"phone":null,"email":"shop@example.com","wechat":null}}}}"#,
        dice.id(),
        dice.han(1, 2)
    );
    format!(
        r#""id":{},"title":"{title}","subtitle":null,"brandName":{brand},"categoryId":{},"status":"ON_SHELF","desc":"{desc}","remark":null,"price":{{"amount":199.5,"currency":"CNY","discount":null,"tax":{{"rate":0.13,"included":true,"code":null}}}},"seo":{seo},"seller":{seller},"stock":{},"weight":null,"volume":null,"video":null,"tags":["hot","new"],"gmtCreate":{},"gmtModified":null,"extInfo":null"#,
        dice.id(),
        1000 + dice.below(9000),
        dice.below(999) + 1,
        dice.time()
    )
}

fn sku(dice: &mut Dice) -> String {
    let spec = |dice: &mut Dice, name: &str| {
        format!(r#"{{"id":{},"name":"{name}","value":"{}","image":null}}"#, dice.below(99), dice.words(1, 1))
    };
    let specs = format!("[{},{}]", spec(dice, "color"), spec(dice, "size"));
    let city = dice.maybe(30, |_| "\"HZ\"".to_owned());
    let warehouse = format!(
        r#"{{"code":"WH{:02}","region":{{"province":"ZJ","city":{city},"geo":{{"lat":{},"lng":{},"accuracy":null}}}},"eta":null}}"#,
        dice.below(20),
        dice.cents(),
        dice.cents()
    );
    let (barcode, title) =
        (dice.maybe(30, |dice| format!("\"{}\"", dice.id())), dice.maybe(30, |dice| format!("\"{}\"", dice.han(1, 3))));
    let (price, locked) = (dice.money(), dice.maybe(30, |dice| dice.below(10).to_string()));
    let (image, weight) = (dice.maybe(50, Dice::url), dice.maybe(30, Dice::cents));
    format!(
        r#"{{"skuId":{},"skuCode":"SKU-{:08}","barcode":{barcode},"title":{title},"price":{price},"stock":{},"lockedStock":{locked},"image":{image},"weight":{weight},"specs":{specs},"warehouse":{warehouse},"extInfo":null}}"#,
        dice.id(),
        dice.below(99_999_999),
        dice.below(5000)
    )
}

fn review(dice: &mut Dice) -> String {
    let (avatar, content) = (dice.maybe(60, Dice::url), format!("{}, {}", dice.han(4, 10), dice.words(6, 20)));
    let images = dice.maybe(50, |dice| list(1 + dice.below(2), || dice.url()));
    let reply = dice.maybe(70, |dice| format!(r#"{{"content":"{}","time":{},"operator":null}}"#, dice.words(3, 8), dice.time()));
    let about = dice.maybe(30, |dice| format!("\"{}\"", dice.words(2, 3)));
    format!(
        r#"{{"reviewId":{},"userNick":"co***n","avatar":{avatar},"score":{},"content":"{content}","images":{images},"reply":{reply},"append":null,"likeCount":{},"anonymous":false,"skuDesc":{about},"gmtCreate":{},"gmtModified":null}}"#,
        dice.id(),
        1 + dice.below(5),
        dice.below(300),
        dice.time()
    )
}

fn item(dice: &mut Dice) -> String {
    let subtitle = dice.maybe(50, |dice| format!("\"{}\"", dice.words(4, 8)));
    let seller = format!(
        r#"{{"id":{},"nick":"{}","level":{},"contact":{{"phone":null,"email":null,"wechat":null}}}}"#,
        dice.id(),
        dice.han(1, 2),
        1 + dice.below(7)
    );
    let tags = list(1 + dice.below(4), || format!("\"{}\"", dice.words(1, 1)));
    let coupon = dice.maybe(60, |dice| format!(r#"{{"id":{},"threshold":100,"discount":10,"expire":null}}"#, dice.id()));
    let location = dice.maybe(30, |_| "\"Hangzhou\"".to_owned());
    format!(
        r#"{{"id":{},"title":"{} {}","subtitle":{subtitle},"image":{},"price":{},"sales":{},"seller":{seller},"tags":{tags},"promotion":null,"coupon":{coupon},"video":null,"location":{location},"score":{},"extInfo":null,"audit":{}}}"#,
        dice.id(),
        dice.han(2, 4),
        dice.words(3, 6),
        dice.url(),
        dice.money(),
        dice.below(99_999),
        dice.cents(),
        dice.audit()
    )
}

fn envelope(data: &str) -> String {
    format!(
        r#"{{"code":0,"message":"ok","data":{data},"traceId":"0f9e8d7c6b5a49382716051423324150","success":true,"errorDetail":null}}"#
    )
}

/// About 1 KB: the head of a detail page.
pub(crate) fn small() -> String {
    envelope(&format!("{{{}}}", base(&mut Dice(42))))
}

/// About 20 KB: a detail page with its variants and reviews.
pub(crate) fn medium() -> String {
    let dice = &mut Dice(43);
    let head = base(dice);
    let images = list(5, || dice.url());
    let attributes = list(10, || {
        format!(
            r#"{{"key":"{}","label":"{}","value":"{}","unit":null,"sort":1,"searchable":null}}"#,
            dice.words(1, 1),
            dice.han(1, 1),
            dice.words(1, 3)
        )
    });
    let skus = list(17, || sku(dice));
    let reviews = list(24, || review(dice));
    envelope(&format!(
        r#"{{{head},"images":{images},"attributes":{attributes},"skus":{skus},"reviews":{{"total":1289,"average":4.7,"summary":null,"page":{{"no":1,"size":24,"next":null,"sort":{{"field":"gmtCreate","order":"DESC","nulls":null}}}},"list":{reviews}}},"promotion":null,"coupons":null,"audit":{}}}"#,
        dice.audit()
    ))
}

/// About 1 MB: a list of everything.
pub(crate) fn large() -> String {
    let dice = &mut Dice(44);
    let items = list(1250, || item(dice));
    envelope(&format!(
        r#"{{"total":1250,"pageNo":1,"nextCursor":null,"seo":{{"title":"list","description":"large list","keywords":null}},"list":{items}}}"#
    ))
}

//! What the shop sells.

/// One article.
#[derive(Debug)]
pub(super) struct Item {
    /// 1 and up; what a URL names.
    pub(super) id: u32,
    /// Its number in the warehouse: a Java long that JavaScript cannot hold.
    pub(super) sku: u64,
    pub(super) name: &'static str,
    pub(super) subtitle: Option<&'static str>,
    pub(super) category: (u32, &'static str),
    pub(super) brand: Option<&'static str>,
    /// A BigDecimal, scale and all.
    pub(super) price: &'static str,
    pub(super) original: Option<&'static str>,
    pub(super) stock: u32,
    /// An SVG of 400 by 400.
    pub(super) drawing: &'static str,
    pub(super) summary: &'static str,
    pub(super) material: &'static str,
    pub(super) seller: usize,
}

/// A seller.
#[derive(Debug)]
pub(super) struct Seller {
    pub(super) id: u64,
    pub(super) name: &'static str,
    pub(super) city: &'static str,
    pub(super) street: Option<&'static str>,
    pub(super) level: u8,
}

pub(super) const SELLERS: [Seller; 2] = [
    Seller { id: 1_961_005_746_230_330_001, name: "Corner & Sons", city: "Hangzhou", street: Some("Wensan Road 90"), level: 5 },
    Seller { id: 1_961_005_746_230_330_002, name: "North Light", city: "Bergen", street: None, level: 4 },
];

/// The sku of item 1; the others follow.
const FIRST_SKU: u64 = 1_961_005_746_230_337_538;

macro_rules! item {
    ($id:literal, $name:literal, $subtitle:expr, $category:expr, $brand:expr, $price:literal, $original:expr, $stock:literal, $drawing:literal,
     $summary:literal, $material:literal, $seller:literal) => {
        Item {
            id: $id,
            sku: FIRST_SKU + $id - 1,
            name: $name,
            subtitle: $subtitle,
            category: $category,
            brand: $brand,
            price: $price,
            original: $original,
            stock: $stock,
            drawing: include_str!(concat!("pictures/", $drawing, ".svg")),
            summary: $summary,
            material: $material,
            seller: $seller,
        }
    };
}

const KITCHEN: (u32, &str) = (10, "Kitchen");
const DESK: (u32, &str) = (20, "Desk");
const LIVING: (u32, &str) = (30, "Living");

pub(super) const ITEMS: [Item; 14] = [
    item!(
        1,
        "Enamel mug",
        Some("350 ml, dishwasher safe"),
        KITCHEN,
        Some("Forge"),
        "1.10",
        Some("2.50"),
        128,
        "mug",
        "A light steel mug with a hard enamel coat that takes a fall and keeps its colour.",
        "enamelled steel",
        0
    ),
    item!(
        2,
        "Walnut board",
        None,
        KITCHEN,
        None,
        "34.00",
        None,
        17,
        "board",
        "Oiled end-grain walnut with a juice groove, heavy enough to stay where it is.",
        "walnut",
        0
    ),
    item!(
        3,
        "Linen towel, pair",
        Some("50 × 70 cm"),
        KITCHEN,
        Some("Weft"),
        "18.50",
        Some("22.00"),
        64,
        "towel",
        "Two washed linen towels that dry glasses without lint and look better every year.",
        "linen",
        1
    ),
    item!(
        4,
        "Copper kettle",
        None,
        KITCHEN,
        Some("Forge"),
        "89.90",
        None,
        5,
        "kettle",
        "A gooseneck kettle for a slow, steady pour, with a lid that stays on.",
        "copper, tin-lined",
        0
    ),
    item!(
        5,
        "Brass pen",
        Some("takes G2 refills"),
        DESK,
        None,
        "27.00",
        None,
        210,
        "pen",
        "Turned from one bar, no plastic inside, balanced a little towards the tip.",
        "brass",
        1
    ),
    item!(
        6,
        "Dot grid notebook",
        Some("160 pages, lies flat"),
        DESK,
        Some("Weft"),
        "9.80",
        Some("12.00"),
        340,
        "notebook",
        "Thread-sewn and open-spined, with paper that takes a fountain pen.",
        "paper, linen spine",
        1
    ),
    item!(
        7,
        "Desk lamp",
        None,
        DESK,
        None,
        "74.00",
        None,
        23,
        "lamp",
        "Warm light without flicker, an arm that stays where you put it.",
        "steel, oak",
        1
    ),
    item!(
        8,
        "Felt mat",
        Some("80 × 40 cm"),
        DESK,
        None,
        "21.40",
        None,
        0,
        "mat",
        "Thick wool felt that quietens a keyboard and warms a cold desk.",
        "wool felt",
        0
    ),
    item!(
        9,
        "Wool throw",
        Some("130 × 180 cm"),
        LIVING,
        Some("Weft"),
        "64.00",
        Some("79.00"),
        31,
        "throw",
        "Soft lambswool in a herringbone that hides the cat's work.",
        "lambswool",
        1
    ),
    item!(
        10,
        "Stone vase",
        None,
        LIVING,
        None,
        "42.00",
        None,
        12,
        "vase",
        "Thrown by hand, glazed inside alone, no two of one shape.",
        "stoneware",
        0
    ),
    item!(
        11,
        "Beeswax candles, six",
        None,
        LIVING,
        Some("Forge"),
        "15.60",
        None,
        96,
        "candles",
        "Dipped, not poured: they burn even and smell of honey.",
        "beeswax",
        0
    ),
    item!(
        12,
        "Ash stool",
        Some("45 cm"),
        LIVING,
        None,
        "119.00",
        Some("139.00"),
        8,
        "stool",
        "Three legs, so it never wobbles; a seat shaped for sitting.",
        "ash",
        1
    ),
    item!(
        13,
        "Cast iron pan",
        Some("26 cm"),
        KITCHEN,
        Some("Forge"),
        "39.00",
        None,
        44,
        "pan",
        "Seasoned twice, smooth inside, and good for a hundred years.",
        "cast iron",
        0
    ),
    item!(
        14,
        "Wall hooks, five",
        None,
        LIVING,
        None,
        "11.20",
        None,
        180,
        "hooks",
        "Bent from one rod each; a coat is no match for them.",
        "steel",
        0
    ),
];

use super::*;

/// A number, its divisor, the digits and the rounding, and the quotient if there is one.
type Row<'t> = (&'t str, u64, Option<usize>, Option<Rounding>, Option<&'t str>);

#[test]
fn decimals_are_exact() {
    for (integer, decimal, scale) in [
        ("1234", "12.34", 2),
        ("5", "0.05", 2),
        ("-5", "-0.05", 2),
        ("0", "0.00", 2),
        ("-0", "-0.00", 2),
        ("7", "7", 0),
        ("-0", "-0", 0),
        ("123456789012345678901234567890", "1234567890123456789012345678.90", 2),
    ] {
        assert_eq!(integer_to_decimal(integer.as_bytes(), scale).as_deref(), Some(decimal.as_bytes()));
        assert_eq!(decimal_to_integer(decimal.as_bytes(), scale).as_deref(), Some(integer.as_bytes()));
    }
    assert_eq!(decimal_to_integer(b"12.3", 2).as_deref(), Some(b"1230".as_slice()));
    assert_eq!(decimal_to_integer(b"12", 2).as_deref(), Some(b"1200".as_slice()));
    assert_eq!(decimal_to_integer(b"12.3400", 2).as_deref(), Some(b"1234".as_slice()));
    for text in ["12.345", "1e2", "12.", ".5", "+1", "", "-", "012.3", " 1", "1,5"] {
        assert_eq!(decimal_to_integer(text.as_bytes(), 2), None, "{text}");
    }
    for text in ["1e2", "12.0"] {
        assert_eq!(integer_to_decimal(text.as_bytes(), 2), None, "{text}");
    }
}

fn of(text: &str) -> LongDecimal {
    LongDecimal::parse(text.as_bytes()).expect(text)
}

fn spelled(value: LongDecimal) -> String {
    String::from_utf8(value.spell(0)).expect("digits")
}

#[test]
fn products_are_exact_at_any_length() {
    for (value, by, product) in [
        ("1.50", 100, "150"),
        ("-0", 100, "-0"),
        ("-0.00", 100, "-0"),
        ("1e3", 7, "7000"),
        ("0.0001", 3, "0.0003"),
        ("9", 999_999_999_999_999_999, "8999999999999999991"),
        ("123456789012345678901234567890.5", 2, "246913578024691357802469135781"),
        ("25", 4, "100"),
    ] {
        assert_eq!(spelled(of(value).multiply(by)), product, "{value} × {by}");
    }
}

#[test]
fn quotients_end_are_rounded_or_are_none() {
    use Rounding::{Ceiling, Down, Floor, HalfEven, HalfUp, Up};
    let rows: [Row<'_>; 25] = [
        ("1999", 100, None, None, Some("19.99")),
        ("1", 1024, None, None, Some("0.0009765625")),
        ("1", 1 << 59, None, None, Some("0.00000000000000000173472347597680709441192448139190673828125")),
        ("1", 3, None, None, None),
        ("1e30", 3, None, None, None),
        ("3", 3, None, None, Some("1")),
        ("0", 3, None, None, Some("0")),
        ("-0", 3, Some(0), None, Some("-0")),
        ("1000", 1024, Some(0), None, None),
        ("1024", 1024, Some(0), None, Some("1")),
        ("1", 3, Some(2), Some(HalfEven), Some("0.33")),
        ("1e30", 3, Some(0), Some(HalfEven), Some("333333333333333333333333333333")),
        ("5", 2, Some(0), Some(HalfEven), Some("2")),
        ("7", 2, Some(0), Some(HalfEven), Some("4")),
        ("5", 2, Some(0), Some(HalfUp), Some("3")),
        ("-5", 2, Some(0), Some(HalfUp), Some("-3")),
        ("-5", 2, Some(0), Some(Floor), Some("-3")),
        ("-5", 2, Some(0), Some(Ceiling), Some("-2")),
        ("1", 1000, Some(0), Some(Up), Some("1")),
        ("-1", 1000, Some(0), Some(Down), Some("0")),
        ("999", 10, Some(0), Some(HalfUp), Some("100")),
        ("1", 1000, Some(0), Some(HalfUp), Some("0")),
        ("2500000000000000000000000001", 1000, Some(0), Some(HalfEven), Some("2500000000000000000000000")),
        ("1", 3_000_000, Some(0), Some(Ceiling), Some("1")),
        (
            "1",
            999_999_999_999_999_999,
            Some(60),
            Some(Up),
            Some("0.000000000000000001000000000000000001000000000000000001000001"),
        ),
    ];
    for (value, by, places, rounding, expected) in rows {
        let quotient = of(value).divide(by, places.map_or(0, |places| places + 1));
        let found = quotient.fit(places, rounding).map(spelled);
        assert_eq!(found.as_deref(), expected, "{value} ÷ {by}, {places:?} {rounding:?}");
    }
}

#[test]
fn an_exponent_has_a_limit() {
    assert_eq!(spelled(of("1e64")).len(), 65);
    assert_eq!(spelled(of("1E-64")).len(), 66);
    for text in ["1e65", "1e-65", "1e400", "1e99999999999999999999999"] {
        assert_eq!(LongDecimal::parse(text.as_bytes()), None, "{text}");
    }
}

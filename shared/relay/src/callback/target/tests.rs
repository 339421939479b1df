use proptest::prelude::*;

use super::*;

fn way(allow: &str, url: &str) -> Result<Way, &'static str> {
    let lookup = |_: &str| Some(allow.to_owned());
    Allowed::from_variables(Variables(&lookup)).unwrap().way(&url.parse().unwrap())
}

#[test]
fn every_kind_of_address_that_is_not_public_is_refused() {
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.9.9.9",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "5f00::1",
    ] {
        let address: IpAddr = address.parse().unwrap();
        assert!(!is_public(address), "{address}");
        let host = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
        assert!(way("", &format!("https://{host}/hook")).is_err(), "{address}");
        assert_eq!(read(&format!("https://{host}/hook")).is_ok(), address.is_loopback(), "{address}");
    }
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2606:4700:4700::1111",
        "2a00:1450::1",
    ] {
        assert!(is_public(address.parse().unwrap()), "{address}");
    }
}

#[test]
fn addresses_are_known_in_whatever_form_they_are_written() {
    for url in [
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://0/",
        "https://[::ffff:7f00:1]/",
        "https://①②⑦.0.0.1/",
        "http://example.com/",
        "https://u:p@example.com/",
        "https://u@example.com/",
        "https://example.com/#f",
        "ftp://example.com/",
        "file:///etc/passwd",
    ] {
        assert!(way("", url).is_err(), "{url}");
    }
    assert_eq!(way("", "https://shop.example.com:8443/hook?a=b"), Ok(Way::IfPublic));
}

#[test]
fn what_an_operator_names_may_be_called_and_nothing_beside_it() {
    let allow = "127.0.0.1:8788, Localhost:1";
    for url in
        ["http://127.0.0.1:8788/hook", "https://127.0.0.1:8788/", "http://localhost:1/x", "http://2130706433:8788/"]
    {
        assert_eq!(way(allow, url), Ok(Way::AsNamed), "{url}");
    }
    for url in ["http://127.0.0.1:8789/hook", "http://127.0.0.1/", "http://127.0.0.2:8788/", "http://localhost:2/"] {
        assert!(way(allow, url).is_err(), "{url}");
    }
    for wrong in ["127.0.0.1", "127.0.0.1:x", "http://127.0.0.1:80", "a:1,,b:2", "a/b:1"] {
        let lookup = |_: &str| Some(wrong.to_owned());
        assert!(Allowed::from_variables(Variables(&lookup)).is_err(), "{wrong}");
    }
}

#[test]
fn what_a_secret_may_name() {
    for right in ["https://shop.example.com/hook", "http://127.0.0.1:8788/x", "http://localhost/x", "https://[::1]/"] {
        assert!(read(right).is_ok(), "{right}");
    }
    for wrong in ["http://shop.example.com/", "https://10.1.2.3/", "shop.example.com", "https://a:b@shop.example.com/"]
    {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn one_origin_is_scheme_host_and_port() {
    let one: Url = "https://shop.example.com/a".parse().unwrap();
    for (other, same) in [
        ("https://SHOP.example.com:443/b?c", true),
        ("https://shop.example.com:444/a", false),
        ("http://shop.example.com/a", false),
        ("https://shop.example.com.evil.example/a", false),
        ("https://evil.example/shop.example.com", false),
    ] {
        assert_eq!(is_of_one_origin(&one, &other.parse().unwrap()), same, "{other}");
    }
}

proptest! {
    #[test]
    fn the_standard_librarys_own_classes_are_never_public(bits: u128, four: u32) {
        let (six, four) = (Ipv6Addr::from(bits), Ipv4Addr::from(four));
        let inner = four.is_private() || four.is_loopback() || four.is_link_local() || four.is_multicast()
            || four.is_unspecified() || four.is_broadcast() || four.is_documentation();
        prop_assert!(!(inner && is_public(four.into())));
        prop_assert_eq!(is_public(four.into()), is_public(four.to_ipv6_mapped().into()));
        let outer = six.is_loopback() || six.is_multicast() || six.is_unspecified()
            || six.is_unique_local() || six.is_unicast_link_local();
        prop_assert!(!(outer && is_public(six.into())));
        let translated = Ipv6Addr::from((0x64_ff9b_u128 << 96) | u128::from(u32::from(four)));
        prop_assert_eq!(is_public(four.into()), is_public(translated.into()));
        // What a URL makes of an address is what we judge.
        let url: Url = format!("https://{four}/").parse().unwrap();
        prop_assert_eq!(Allowed::default().way(&url).is_ok(), is_public(four.into()));
    }

    #[test]
    fn addresses_inside_private_networks_are_never_public(
        network in prop::sample::select(vec![(0x0a00_0000_u32, 8_u32), (0xac10_0000, 12), (0xc0a8_0000, 16),
            (0x7f00_0000, 8), (0xa9fe_0000, 16), (0x6440_0000, 10), (0xe000_0000, 4), (0xc612_0000, 15)]),
        host: u32,
    ) {
        let (base, bits) = network;
        prop_assert!(!is_public(Ipv4Addr::from(base | (host >> bits)).into()));
    }
}

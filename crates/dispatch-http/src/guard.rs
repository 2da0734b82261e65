//! Which addresses may be connected to. Pure policy, no I/O.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What kind of range an address is refused for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RangeName {
    /// Of cloud metadata services, which hand out credentials to whoever can reach them.
    Metadata,
    /// "This host": 0.0.0.0/8 and `::`. Several systems connect to themselves for it.
    Unspecified,
    /// 127.0.0.0/8 and `::1`.
    Loopback,
    /// RFC 1918 and unique local IPv6 (RFC 4193).
    Private,
    /// 169.254.0.0/16, fe80::/10 and the older site-local fec0::/10.
    LinkLocal,
    /// Shared by carriers between customers and the internet (RFC 6598).
    CarrierGradeNat,
    /// For benchmarks of network gear (RFC 2544, RFC 5180).
    Benchmarking,
    /// For examples in documents (RFC 5737, RFC 3849, RFC 9637).
    Documentation,
    /// 224.0.0.0/4 and ff00::/8.
    Multicast,
    /// 255.255.255.255.
    Broadcast,
    /// Set aside, or not handed out to anyone on the public internet.
    Reserved,
}

impl fmt::Display for RangeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Metadata => "a cloud metadata address",
            Self::Unspecified => "an unspecified address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::CarrierGradeNat => "a carrier's shared address",
            Self::Benchmarking => "a benchmarking address",
            Self::Documentation => "a documentation address",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "a broadcast address",
            Self::Reserved => "a reserved address",
        })
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(segments: [u16; 8], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::from_segments(segments), prefix)
}

/// The first range that holds an address names it, so narrow ranges stand before wide ones.
const V4_REFUSED: &[(Ipv4Net, RangeName)] = &[
    (v4(169, 254, 169, 254, 32), RangeName::Metadata),
    (v4(169, 254, 170, 2, 32), RangeName::Metadata),
    (v4(100, 100, 100, 200, 32), RangeName::Metadata),
    (v4(168, 63, 129, 16, 32), RangeName::Metadata),
    (v4(192, 0, 0, 192, 32), RangeName::Metadata),
    (v4(0, 0, 0, 0, 8), RangeName::Unspecified),
    (v4(10, 0, 0, 0, 8), RangeName::Private),
    (v4(100, 64, 0, 0, 10), RangeName::CarrierGradeNat),
    (v4(127, 0, 0, 0, 8), RangeName::Loopback),
    (v4(169, 254, 0, 0, 16), RangeName::LinkLocal),
    (v4(172, 16, 0, 0, 12), RangeName::Private),
    (v4(192, 0, 0, 0, 24), RangeName::Reserved),
    (v4(192, 0, 2, 0, 24), RangeName::Documentation),
    (v4(192, 88, 99, 0, 24), RangeName::Reserved),
    (v4(192, 168, 0, 0, 16), RangeName::Private),
    (v4(198, 18, 0, 0, 15), RangeName::Benchmarking),
    (v4(198, 51, 100, 0, 24), RangeName::Documentation),
    (v4(203, 0, 113, 0, 24), RangeName::Documentation),
    (v4(224, 0, 0, 0, 4), RangeName::Multicast),
    (v4(255, 255, 255, 255, 32), RangeName::Broadcast),
    (v4(240, 0, 0, 0, 4), RangeName::Reserved),
];

/// Asked after the embedded IPv4 addresses have been unwrapped.
const V6_REFUSED: &[(Ipv6Net, RangeName)] = &[
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128), RangeName::Metadata),
    (v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128), RangeName::Metadata),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), RangeName::Unspecified),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), RangeName::Loopback),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), RangeName::Private),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), RangeName::LinkLocal),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), RangeName::LinkLocal),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), RangeName::Multicast),
    (v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48), RangeName::Benchmarking),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), RangeName::Documentation),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), RangeName::Documentation),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), RangeName::Reserved),
];

/// The only IPv6 block handed out for public use so far.
const V6_PUBLIC: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
const V4_MAPPED: Ipv6Net = v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96);
const V4_COMPATIBLE: Ipv6Net = v6([0; 8], 96);
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);
/// NAT64 for use within one network (RFC 8215). Where in it the IPv4 address stands is that network's choice (RFC 6052),
/// so it cannot be unwrapped with certainty: refused as a whole.
const NAT64_LOCAL: Ipv6Net = v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48);
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16);
const TEREDO: Ipv6Net = v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32);

/// Decides whether an address may be connected to.
///
/// Rules are written by administrators of accounts, who must not reach what only the server's own network can reach. So
/// every address that is not public is refused, unless it is in a network that the operator allowed.
#[derive(Clone, Debug, Default)]
pub struct AddressGuard {
    allow: Vec<IpNet>,
    allow_sockets: Vec<SocketAddr>,
}

impl AddressGuard {
    /// A guard that lets through public addresses and those in `allow`. An IPv4 network in `allow` also lets through the
    /// IPv6 forms that embed its addresses.
    pub fn new(allow: Vec<IpNet>) -> Self {
        Self { allow, allow_sockets: Vec::new() }
    }

    /// Also lets through these addresses with these ports, and nothing else beside them.
    pub fn and_sockets(mut self, allow: Vec<SocketAddr>) -> Self {
        self.allow_sockets = allow;
        self
    }

    /// Whether `address` may be connected to at its port; else for what range it is refused.
    pub fn check_socket(&self, address: SocketAddr) -> Result<(), RangeName> {
        if self.allow_sockets.contains(&address) { Ok(()) } else { self.check(address.ip()) }
    }

    /// Why the host of `url` would be refused, and how to allow it, in words. Only of an address that stands in the URL: a name
    /// is not looked up, and `None` is answered for it.
    pub fn refusal(&self, url: &url::Url) -> Option<String> {
        let address: IpAddr = match url.host()? {
            url::Host::Ipv4(address) => address.into(),
            url::Host::Ipv6(address) => address.into(),
            url::Host::Domain(_) => return None,
        };
        let port = url.port_or_known_default()?;
        let range = self.check_socket(SocketAddr::new(address, port)).err()?;
        Some(format!("{address} is {range}, which is not allowed: {}", allowing(&address.to_string(), range)))
    }

    /// Whether `address` may be connected to; else for what range it is refused.
    ///
    /// IPv4 addresses embedded in IPv6 ones count as themselves: v4-mapped and v4-compatible (RFC 4291), 6to4 (RFC 3056),
    /// Teredo (RFC 4380; server and client) and NAT64 (RFC 6052).
    pub fn check(&self, address: IpAddr) -> Result<(), RangeName> {
        if self.allow.iter().any(|network| network.contains(&address)) {
            return Ok(());
        }
        match address {
            IpAddr::V4(address) => refuse_if(V4_REFUSED.iter().find(|(network, _)| network.contains(&address))),
            IpAddr::V6(address) => self.check_v6(address),
        }
    }

    fn check_v6(&self, address: Ipv6Addr) -> Result<(), RangeName> {
        let [_, s1, s2, s3, .., s6, s7] = address.segments();
        let plain = address.is_unspecified() || address.is_loopback();
        if !plain && [V4_MAPPED, V4_COMPATIBLE, NAT64].iter().any(|network| network.contains(&address)) {
            return self.check(embedded(s6, s7));
        }
        if SIX_TO_FOUR.contains(&address) {
            return self.check(embedded(s1, s2));
        }
        if TEREDO.contains(&address) {
            self.check(embedded(s2, s3))?;
            return self.check(embedded(!s6, !s7));
        }
        refuse_if(V6_REFUSED.iter().find(|(network, _)| network.contains(&address)))?;
        if NAT64_LOCAL.contains(&address) {
            return Err(RangeName::Private);
        }
        if V6_PUBLIC.contains(&address) { Ok(()) } else { Err(RangeName::Reserved) }
    }
}

/// How to allow the address that a host leads to. It is named only where it stands in the URL.
pub(crate) fn allowing(host: &str, range: RangeName) -> String {
    if range == RangeName::Metadata {
        // It can be allowed, but that is nothing to propose.
        return "it hands out the credentials of the server's machine".to_owned();
    }
    match host.parse::<IpAddr>() {
        Ok(address) => format!("restart the server with `--allow-network {address}` to allow it"),
        Err(_) => "restart the server with `--allow-network` and that address to allow it".to_owned(),
    }
}

fn embedded(high: u16, low: u16) -> IpAddr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)).into()
}

fn refuse_if<N>(found: Option<&(N, RangeName)>) -> Result<(), RangeName> {
    found.map_or(Ok(()), |(_, name)| Err(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(guard: &AddressGuard, address: &str) -> Result<(), RangeName> {
        guard.check(address.parse().unwrap())
    }

    #[test]
    fn only_public_addresses_pass_without_an_allowance() {
        use RangeName::*;
        let guard = AddressGuard::default();
        let table: &[(&str, Result<(), RangeName>)] = &[
            ("8.8.8.8", Ok(())),
            ("100.63.255.255", Ok(())),
            ("172.15.255.255", Ok(())),
            ("172.32.0.0", Ok(())),
            ("198.17.255.255", Ok(())),
            ("223.255.255.255", Ok(())),
            ("0.0.0.0", Err(Unspecified)),
            ("0.1.2.3", Err(Unspecified)),
            ("10.1.2.3", Err(Private)),
            ("100.64.0.1", Err(CarrierGradeNat)),
            ("100.127.255.255", Err(CarrierGradeNat)),
            ("100.100.100.200", Err(Metadata)),
            ("127.0.0.1", Err(Loopback)),
            ("127.255.255.255", Err(Loopback)),
            ("168.63.129.16", Err(Metadata)),
            ("169.254.0.1", Err(LinkLocal)),
            ("169.254.169.254", Err(Metadata)),
            ("172.16.0.1", Err(Private)),
            ("172.31.255.255", Err(Private)),
            ("192.0.0.8", Err(Reserved)),
            ("192.0.2.1", Err(Documentation)),
            ("192.88.99.1", Err(Reserved)),
            ("192.168.1.1", Err(Private)),
            ("198.18.0.1", Err(Benchmarking)),
            ("198.19.255.255", Err(Benchmarking)),
            ("198.51.100.7", Err(Documentation)),
            ("203.0.113.7", Err(Documentation)),
            ("224.0.0.1", Err(Multicast)),
            ("240.0.0.1", Err(Reserved)),
            ("255.255.255.255", Err(Broadcast)),
            ("2606:4700:4700::1111", Ok(())),
            ("2a00:1450:4001:80b::200e", Ok(())),
            ("::", Err(Unspecified)),
            ("::1", Err(Loopback)),
            ("100::1", Err(Reserved)),
            ("2001:2::1", Err(Benchmarking)),
            ("2001:20::1", Err(Reserved)),
            ("2001:db8::1", Err(Documentation)),
            ("3fff:fff::1", Err(Documentation)),
            ("5f00::1", Err(Reserved)),
            ("fc00::1", Err(Private)),
            ("fd00:ec2::254", Err(Metadata)),
            ("fd12::1", Err(Private)),
            ("fe80::1", Err(LinkLocal)),
            ("fec0::1", Err(LinkLocal)),
            ("ff02::1", Err(Multicast)),
            // Embedded IPv4: mapped, compatible, NAT64, 6to4, Teredo by client and by server.
            ("::ffff:8.8.8.8", Ok(())),
            ("::ffff:127.0.0.1", Err(Loopback)),
            ("::ffff:a9fe:a9fe", Err(Metadata)),
            ("::127.0.0.1", Err(Loopback)),
            ("::10.0.0.1", Err(Private)),
            ("::2", Err(Unspecified)),
            ("64:ff9b::8.8.8.8", Ok(())),
            ("64:ff9b::10.0.0.1", Err(Private)),
            ("64:ff9b::169.254.169.254", Err(Metadata)),
            ("64:ff9b:1::8.8.8.8", Err(Private)),
            ("64:ff9b:1:7f00:0:100::", Err(Private)),
            ("2002:808:808::1", Ok(())),
            ("2002:7f00:1::1", Err(Loopback)),
            ("2002:c0a8:101::1", Err(Private)),
            ("2001:0:808:808:0:0:f7f7:f7f7", Ok(())),
            ("2001:0:808:808:0:0:80ff:fffe", Err(Loopback)),
            ("2001:0:a00:1:0:0:f7f7:f7f7", Err(Private)),
        ];
        for (address, expected) in table {
            assert_eq!(check(&guard, address), *expected, "{address}");
        }
    }

    #[test]
    fn an_allowed_network_opens_that_network_alone() {
        let guard = AddressGuard::new(vec!["10.1.0.0/16".parse().unwrap(), "::1/128".parse().unwrap()]);
        for allowed in ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "2002:a01:203::1", "::1"] {
            assert_eq!(check(&guard, allowed), Ok(()), "{allowed}");
        }
        assert_eq!(check(&guard, "10.2.0.1"), Err(RangeName::Private));
        assert_eq!(check(&guard, "127.0.0.1"), Err(RangeName::Loopback));
        assert_eq!(check(&guard, "::ffff:127.0.0.1"), Err(RangeName::Loopback));
    }

    #[test]
    fn an_address_in_a_url_is_refused_in_words_and_a_name_is_not_looked_up() {
        let refusal = |guard: &AddressGuard, url: &str| guard.refusal(&url.parse().unwrap());
        let guard = AddressGuard::new(vec!["10.1.0.0/16".parse().unwrap()])
            .and_sockets(vec!["127.0.0.1:9090".parse().unwrap(), "127.0.0.1:443".parse().unwrap()]);
        let told = |address: &str, range: &str| {
            Some(format!(
                "{address} is {range}, which is not allowed: restart the server with `--allow-network {address}` to allow it"
            ))
        };
        for (url, expected) in [
            ("http://127.0.0.1:9091/contacts", told("127.0.0.1", "a loopback address")),
            ("https://[::1]/", told("::1", "a loopback address")),
            ("https://192.168.1.9/", told("192.168.1.9", "a private address")),
            ("http://127.0.0.1:9090/contacts", None),
            ("https://127.0.0.1/contacts", None),
            ("http://10.1.2.3/", None),
            ("https://8.8.8.8/", None),
            ("http://localhost:9091/", None),
        ] {
            assert_eq!(refusal(&guard, url), expected, "{url}");
        }
        let metadata = refusal(&guard, "http://169.254.169.254/").unwrap();
        assert!(!metadata.contains("--allow-network"), "{metadata}");
    }

    #[test]
    fn an_allowed_socket_opens_its_port_alone() {
        let guard = AddressGuard::default().and_sockets(vec!["127.0.0.1:9090".parse().unwrap()]);
        assert_eq!(guard.check_socket("127.0.0.1:9090".parse().unwrap()), Ok(()));
        assert_eq!(guard.check_socket("8.8.8.8:9090".parse().unwrap()), Ok(()));
        for refused in ["127.0.0.1:9091", "127.0.0.2:9090", "[::1]:9090", "[::ffff:127.0.0.1]:9090"] {
            assert_eq!(guard.check_socket(refused.parse().unwrap()), Err(RangeName::Loopback), "{refused}");
        }
    }
}

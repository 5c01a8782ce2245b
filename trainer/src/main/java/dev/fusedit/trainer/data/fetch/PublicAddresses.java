package dev.fusedit.trainer.data.fetch;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.function.Predicate;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.SystemDefaultDnsResolver;

/// Names of hosts to addresses that may be connected to. The connection goes to what is returned here, so a name that leads elsewhere a moment
/// later (DNS rebinding) changes nothing.
///
/// @param allowed what may be connected to
/// @param names of hosts
record PublicAddresses(Predicate<InetAddress> allowed, DnsResolver names) implements DnsResolver {
    /// Not of the public network, from IANA's registry of special addresses.
    private static final List<Block> SPECIAL_V4 = List.of(new Block(0, 8), new Block(10 << 24, 8), new Block(100 << 24 | 64 << 16, 10),
            new Block(127 << 24, 8), new Block(169 << 24 | 254 << 16, 16), new Block(172 << 24 | 16 << 16, 12), new Block(192 << 24, 24),
            new Block(192 << 24 | 2 << 8, 24), new Block(192 << 24 | 88 << 16 | 99 << 8, 24), new Block(192 << 24 | 168 << 16, 16),
            new Block(198 << 24 | 18 << 16, 15), new Block(198 << 24 | 51 << 16 | 100 << 8, 24),
            new Block(203 << 24 | 113 << 8, 24), new Block(224 << 24, 4), new Block(240 << 24, 4));

    /// Addresses that begin like this one.
    private record Block(int address, int bits) {
        boolean holds(int other) { return (address ^ other) >>> 32 - bits == 0; }
    }

    /// That a name leads to a private address.
    static final class PrivateAddress extends UnknownHostException {
        private static final long serialVersionUID = 1;

        PrivateAddress(String host, InetAddress address) { super("%s is %s".formatted(host, address.getHostAddress())); }
    }

    static PublicAddresses of(FetchRules rules) {
        return new PublicAddresses(rules.allowPrivate() ? _ -> true : PublicAddresses::isPublic, SystemDefaultDnsResolver.INSTANCE);
    }

    /// @throws PrivateAddress if one of them is not public, whatever the others are
    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
        var addresses = names.resolve(host);
        for (var address : addresses) {
            if (!allowed.test(address)) throw new PrivateAddress(host, address);
        }
        return addresses;
    }

    @Override
    public String resolveCanonicalHostname(String host) { return host; }

    static boolean isPublic(InetAddress address) {
        return switch (address) {
            case Inet4Address v4 -> isPublicV4(number(v4.getAddress(), 0));
            case Inet6Address v6 -> isPublicV6(v6.getAddress());
            default -> false;
        };
    }

    private static boolean isPublicV4(int address) { return SPECIAL_V4.stream().noneMatch(block -> block.holds(address)); }

    /// Global unicast, 2000::/3, without what is for protocols (2001::/23, Teredo in it), documentation (2001:db8::/32, 3fff::/20) and what
    /// wraps an IPv4 address (6to4, 2002::/16). NAT64, 64:ff9b::/96, is what it wraps.
    private static boolean isPublicV6(byte[] address) {
        int first = number(address, 0);
        if (first == 0x64ff9b && number(address, 4) == 0 && number(address, 8) == 0) return isPublicV4(number(address, 12));
        return first >>> 29 == 1 && first >>> 9 != 0x20010000 >>> 9 && first != 0x20010db8 && first >>> 16 != 0x2002
                && first >>> 12 != 0x3fff0;
    }

    private static int number(byte[] bytes, int at) {
        return (bytes[at] & 255) << 24 | (bytes[at + 1] & 255) << 16 | (bytes[at + 2] & 255) << 8 | bytes[at + 3] & 255;
    }
}

package dev.fusedit.torch.distributed;

import dev.fusedit.torch.UserError;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.Map;

/// Where the other processes reach this one: on the interface that `GLOO_SOCKET_IFNAME` names, as for PyTorch, else on that by which this
/// machine reaches rank 0.
final class OwnAddress {
    private static final String INTERFACE = "GLOO_SOCKET_IFNAME";
    private static final String LOOPBACK = "127.0.0.1";

    private OwnAddress() {}

    static String towards(String host, int port, Map<String, String> environment) {
        var named = environment.getOrDefault(INTERFACE, "");
        try {
            if (!named.isBlank()) return ofInterface(named);
            var master = InetAddress.getByName(host);
            if (master.isLoopbackAddress()) return LOOPBACK;
            try (var socket = new DatagramSocket()) { // nothing is sent: the system chooses the address that it would send from
                socket.connect(master, port);
                return socket.getLocalAddress().getHostAddress();
            }
        } catch (IOException e) {
            throw new UserError("MASTER_ADDR is %s, and this machine cannot find it: %s".formatted(host, e.getMessage()), e);
        }
    }

    private static String ofInterface(String name) throws IOException {
        var found = NetworkInterface.getByName(name);
        if (found == null) throw new UserError("%s is %s, and this machine has no such interface".formatted(INTERFACE, name));
        return found.inetAddresses().findFirst().map(InetAddress::getHostAddress)
                .orElseThrow(() -> new UserError("%s is %s, which has no address".formatted(INTERFACE, name)));
    }
}

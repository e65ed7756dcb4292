"""Which network an address belongs to."""

import pytest

from idp.authn.throttling import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("not an address", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_ipv6_network_is_its_first_64_bits(address, network):
    assert network_of(address) == network

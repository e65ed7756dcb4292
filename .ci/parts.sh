# Install what tests need beside Python's packages, when it is missing: a real Chromium, a certified client library for Node.js, and
# Apache with its certified module; with the argument `slow` also HAProxy and pgbouncer.
# PostgreSQL and Redis come with the locked packages. A part that cannot be had fails the run.
set -eu

debian() { # name to be told, packages
    what=$1
    shift
    command -v apt-get >/dev/null 2>&1 || { echo "$what is missing; install it as Debian does" >&2; exit 1; }
    echo "installing $what …"
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -qq >/dev/null
    $as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

[ -x /usr/bin/chromium ] || command -v chromium >/dev/null 2>&1 || debian Chromium chromium fonts-liberation
command -v npm >/dev/null 2>&1 || debian "Node.js with npm" nodejs npm
if [ ! -x /usr/sbin/apache2 ] || [ ! -f /usr/lib/apache2/modules/mod_auth_openidc.so ]; then
    debian "Apache with mod_auth_openidc" apache2-bin libapache2-mod-auth-openidc # without `apache2`: no service
fi
if ! cmp -s tests/stock_client/package-lock.json tests/stock_client/node_modules/.lock; then
    (cd tests/stock_client && npm ci --silent && cp package-lock.json node_modules/.lock)
fi
if [ "${1:-}" = slow ] && ! { [ -x /usr/sbin/haproxy ] && [ -x /usr/sbin/pgbouncer ]; }; then
    debian "HAProxy and pgbouncer" haproxy pgbouncer
fi

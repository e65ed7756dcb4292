# Install what tests need beside Python's packages, when it is missing: a real Chromium, a certified client library for Node.js,
# and Apache with its certified module.
# PostgreSQL and Redis come with the locked packages. A part that cannot be had fails the run.
set -eu

if [ ! -x /usr/bin/chromium ] && ! command -v chromium >/dev/null 2>&1; then
    command -v apt-get >/dev/null 2>&1 || { echo "Chromium is missing; install it so that \`chromium\` is found" >&2; exit 1; }
    echo "installing Chromium …"
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -qq >/dev/null
    $as_root apt-get install -y -qq --no-install-recommends chromium fonts-liberation >/dev/null
fi

if ! command -v npm >/dev/null 2>&1; then
    command -v apt-get >/dev/null 2>&1 || { echo "Node.js with npm is missing; install it so that \`npm\` is found" >&2; exit 1; }
    echo "installing Node.js …"
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    $as_root apt-get update -qq >/dev/null
    $as_root apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null
fi
if [ ! -x /usr/sbin/apache2 ] || [ ! -f /usr/lib/apache2/modules/mod_auth_openidc.so ]; then
    command -v apt-get >/dev/null 2>&1 || { echo "Apache with mod_auth_openidc is missing; install it as Debian does" >&2; exit 1; }
    echo "installing Apache with mod_auth_openidc …"
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -qq >/dev/null
    $as_root apt-get install -y -qq --no-install-recommends apache2-bin libapache2-mod-auth-openidc >/dev/null # without `apache2`: no service
fi
if ! cmp -s tests/stock_client/package-lock.json tests/stock_client/node_modules/.lock; then
    (cd tests/stock_client && npm ci --silent && cp package-lock.json node_modules/.lock)
fi

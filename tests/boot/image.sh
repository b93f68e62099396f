#!/bin/sh
# Runs once in a fresh Debian root and leaves there what Amazon Linux 2023 has from the start.
#
# usage: image.sh AWSCLI                       a requirement, for pip
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends python3-venv

# The AWS command line, with an interpreter of its own: Python as such comes with the boot.
home=/usr/lib/aws-cli
python=$(python3 -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
mkdir -p $home/bin $home/lib
cp "/usr/bin/$python" $home/bin/python
cp -r "/usr/lib/$python" $home/lib
python3 -m venv /root/pip
/root/pip/bin/python -m pip install --quiet --no-cache-dir --target $home/lib/python3/dist-packages "$1"
rm -r /root/pip $home/lib/python3/dist-packages/awscli/examples
printf '#!/bin/sh\nexec %s/bin/python -E -s -m awscli "$@"\n' $home >/usr/bin/aws
chmod 755 /usr/bin/aws
apt-get purge -qq -y 'python3*' 'libpython3*'
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
aws --version

# Where Amazon Linux keeps the public certificates.
mkdir -p /etc/pki/tls/certs
ln -s /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt

# No unit of Debian's may work in the background while a boot installs packages.
systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer

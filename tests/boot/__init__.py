"""The boot script really run: on a clean machine of its own, until the site answers as its own user.

An instance of Amazon Linux is not to be had here, but all that is not its package manager is:

- `image.py` makes a clean Debian root (mmdebstrap's smallest, by this machine's own apt sources) with what
  Amazon Linux 2023 has from the start, and keeps it in var/boot-root as a tar file, one for each recipe. The
  AWS command line in it has a Python of its own: the host's Python, compiler and headers come by the script.
- `machine.py` unpacks it and boots it with systemd-nspawn: a real systemd with its own processes, mounts and
  journal, so that the unit's hardening holds and `systemctl` is the real one. It can be switched off, by
  killing its first process, and on again.
- `dnf.sh` stands for the package manager: it maps Amazon's names to Debian's and calls apt-get. pip is the
  real one, told what this machine's pip is told, and compiles what has no wheel (`lent.py`).
- `cloud.py` lets the engine make all of the stack but the host, in a region of local/: the archive, secret
  and settings are fetched from it, with keys that only the metadata service gives. MariaDB and Redis speak
  TLS.
- `host.py` runs the script as cloud-init does, with hardly any environment, and looks at what it has made.

The machine shares this one's network, since everything else is on its loopback; the site listens on all
addresses meanwhile, as on AWS. Needed are Debian or Ubuntu, root (or sudo that does not ask), mmdebstrap and
systemd-nspawn, which `make test` installs. Nothing is skipped without them: the tests fail and say so.
"""

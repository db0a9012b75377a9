# The daemon for linux/amd64: Python, git, terraform and its AWS provider; nothing that builds.
# The base is named by its tag. A digest is better: put the one that your registry's copy has behind it.

FROM python:3.11.13-slim-bookworm AS terraform
WORKDIR /build
COPY deploy/__init__.py deploy/
COPY deploy/local/__init__.py deploy/local/packages.py deploy/local/tools.py deploy/local/
COPY reconciler reconciler
COPY terraform/bootstrap/versions.tf terraform/bootstrap/.terraform.lock.hcl provider/
# The program is checked against the checksum in tools.py. The provider is signed, and has to match the lock file that
# all roots share: init may not change it. Unpacked, because an archive would be unpacked again for every workspace.
RUN python -m deploy.local.tools terraform -chdir=provider init -backend=false -input=false -lockfile=readonly \
    && mkdir /mirror \
    && cp -RL provider/.terraform/providers/registry.terraform.io /mirror/

FROM python:3.11.13-slim-bookworm AS packages
WORKDIR /build
COPY requirements.lock requirements-build.lock ./
RUN python -m venv --without-pip /opt/reconciler \
    && python -m pip --python /opt/reconciler install --no-cache-dir --require-hashes --no-deps -r requirements.lock \
    && python -m pip install --no-cache-dir --require-hashes --no-deps -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY desired_state desired_state
COPY reconciler reconciler
RUN python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheels . \
    && python -m pip --python /opt/reconciler install --no-cache-dir --no-deps wheels/*.whl

FROM python:3.11.13-slim-bookworm
# Debian keeps one version of a package only, so a pinned one would soon not be there to build with; the base's tag
# says which Debian it is.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && python -m pip uninstall --yes pip setuptools wheel \
    && groupadd --gid 10001 reconciler \
    && useradd --no-log-init --uid 10001 --gid 10001 --create-home reconciler \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/reconciler
COPY --from=terraform /build/.tools/bin/terraform /usr/local/bin/terraform
COPY --from=terraform /mirror /opt/terraform-providers
COPY --from=packages /opt/reconciler /opt/reconciler
COPY terraform /opt/reconciler-terraform
COPY --chmod=0755 deploy/image/git-askpass /usr/local/bin/git-askpass
ENV PATH=/opt/reconciler/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GIT_ASKPASS=/usr/local/bin/git-askpass \
    RECONCILER_PLUGIN_MIRROR=/opt/terraform-providers \
    RECONCILER__TERRAFORM__SOURCE__PATH=/opt/reconciler-terraform \
    RECONCILER__DATA=/var/lib/reconciler
# A volume that is mounted here on Fargate gets the owner and the mode that the folder has now.
VOLUME ["/var/lib/reconciler", "/tmp"]
USER 10001:10001
WORKDIR /var/lib/reconciler
EXPOSE 8080
# ECS has a check of its own; this one is for everybody else. It fails only when the daemon's loop stands still.
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m --retries=5 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=8)"]
# The init process (`docker run --init`, `initProcessEnabled` on ECS) reaps children and passes SIGTERM on.
ENTRYPOINT ["reconciler"]
CMD ["run"]

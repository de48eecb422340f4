# What a worker gets from the management node, as a person would ask for it: `lab ssh HOST -- zsh -s < lab/tour.zsh`.
python=/opt/hybrid-ai/python/bin/python3
pip=($python -m pip --quiet --disable-pip-version-check --no-cache-dir)
cd "$(mktemp -d)"

show() {
  print -r -- "$(hostname -s) % $*"
}

show dig +short exo.olab
dig +short exo.olab

show python3 -m pip download --no-deps pyyaml
$pip download --no-deps pyyaml && ls *.whl
# Whoever asked first, it is in the cache now: asked for again, it comes from there.
wheel=$($pip install --dry-run --ignore-installed --no-deps --report - pyyaml |
  $python -c 'import json, sys; print(json.load(sys.stdin)["install"][0]["download_info"]["url"])')
show curl -sI "https://…/${wheel:t}"
curl -sI "$wheel" | grep -i '^x-cache:'

show curl -s http://grafana.olab/api/health
curl -s -w '\n' http://grafana.olab/api/health

# For the management node, and for whoever has the password: in the lab that of its bare hosts.
show curl -s http://prometheus.olab/api/v1/targets
curl -s -o /dev/null -w 'status %{http_code}\n' http://prometheus.olab/api/v1/targets

# For notebook and Studio.
clone_repository() {
  local name # not hidden, like .ssh
  name=$(basename -- "$1" .git | sed 's/^[.]*//')
  if [ -e "../$name" ]; then
    echo "$name is there"
    return
  fi
  rm -rf clone
  GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=https git clone -- "$1" clone && mv -T -- clone "../$name"
}

# Builds an environment beside the one in use and switches when it is complete. The link moves, for an environment holds
# its own path.
install_packages() {
  local python list environment
  python=~/anaconda3/envs/python3/bin/python
  [ -x "$python" ] || python=/opt/conda/bin/python
  list=$(printf %s "$1" | tr -s '[:space:]' '\n' | grep -v '^-')
  environment=env-$(printf '%s\n' "$list" "$("$python" -V)" | sha256sum | cut -c 1-16)
  if [ "$(readlink current)" != "$environment" ]; then
    for old in env-*; do
      [ "$old" = "$(readlink current)" ] || rm -rf -- "$old"
    done
    "$python" -m venv --without-pip --system-site-packages "$environment" &&
      printf '%s\n' "$list" >"$environment/requirements.txt" &&
      "$python" -m pip --python "$environment" install --no-input ipykernel -r "$environment/requirements.txt" &&
      ln -sfn "$environment" next && mv -T next current
  fi
  [ -e current ] && current/bin/python -m ipykernel install --user --name workspace --display-name Workspace
}

# shellcheck shell=bash
# Sets JupyterLab and Code Editor up on every start. What goes wrong is logged and never keeps them from starting.
# SETTINGS and REGION stand above. The settings are data, none of them code: a title, packages, a repository, each on
# a line, and then the SDK's defaults.
set -u
umask 022
trap 'exit 0' EXIT

in_background() {
  (trap '' HUP && "$@") </dev/null >"$1.log" 2>&1 &
}

# Those of the last start serve where there is no way to Systems Manager now.
fetch_settings() {
  timeout 30 aws ssm get-parameter --region "$REGION" --name "$SETTINGS" --query Parameter.Value --output text >fetched &&
    mv fetched settings
}

mkdir -p ~/.smtemplates && cd ~/.smtemplates || exit
fetch_settings 2>fetch_settings.log
[ -e settings ] || exit
{
  read -r _
  read -r packages
  read -r repository
  cat >config.yaml
} <settings
sudo -n install -D -m 644 config.yaml /etc/xdg/sagemaker/config.yaml 2>write_sdk_config.log
[ -z "$repository" ] || in_background clone_repository "$repository"
[ -z "$packages" ] || in_background install_packages "$packages"

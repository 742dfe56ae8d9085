#!/bin/bash
# Configures the notebook at every start. Failures are logged and never prevent the start.
# Values are in base64, so that they cannot run as code. CloudFormation replaces a dollar sign with braces.
set -u
umask 022
trap 'exit 0' EXIT

PACKAGES=$(printf %s '${PackagesBase64}' | base64 -d)
REPOSITORY=$(printf %s '${RepositoryBase64}' | base64 -d)
SDK_CONFIG='${SdkConfigBase64}'
IDLE_MINUTES='${IdleMinutes}'

write_sdk_config() {
  mkdir -p /etc/xdg/sagemaker
  printf %s "$SDK_CONFIG" | base64 -d >/etc/xdg/sagemaker/config.yaml
}

# The program belongs to root, so that users cannot change it. It runs as ec2-user, without other permissions.
stop_when_idle() {
  mkdir -p /opt/smtemplates
  cat >/opt/smtemplates/auto_stop.py <<'END'
${AutoStop}
END
  cat >/etc/systemd/system/smtemplates-auto-stop.service <<END
[Unit]
Description=Stop the notebook instance when it is idle

[Service]
Type=oneshot
User=ec2-user
RuntimeDirectory=smtemplates
RuntimeDirectoryPreserve=yes
TimeoutStartSec=2min
Environment=PATH=/usr/local/bin:/usr/bin:/home/ec2-user/anaconda3/bin
ExecStart=/usr/bin/python3 -I /opt/smtemplates/auto_stop.py $IDLE_MINUTES https://localhost:8443 \
  /opt/ml/metadata/resource-metadata.json /run/smtemplates/last-use
END
  cat >/etc/systemd/system/smtemplates-auto-stop.timer <<END
[Timer]
OnActiveSec=5min
OnUnitActiveSec=5min

[Install]
WantedBy=timers.target
END
  systemctl daemon-reload
  systemctl enable --now smtemplates-auto-stop.timer
}

# Runs a function in the background as ec2-user, because a start that takes five minutes fails.
in_background() {
  nohup runuser -u ec2-user -- env HOME=/home/ec2-user \
    bash -c "$(declare -f with_log "$1"); with_log \"\$@\"" bash "$@" </dev/null >/dev/null 2>&1 &
}

# Opens the log as ec2-user, because root would follow a symbolic link.
with_log() {
  mkdir -p ~/SageMaker/.smtemplates && cd ~/SageMaker/.smtemplates && "$@" >"$1.log" 2>&1
}

${Setup}
[ -z "$SDK_CONFIG" ] || write_sdk_config
if [[ $IDLE_MINUTES = *[1-9]* ]]; then # 60.0 is also a number
  stop_when_idle
else
  systemctl disable --now smtemplates-auto-stop.timer 2>/dev/null
fi
[ -z "$REPOSITORY" ] || in_background clone_repository "$REPOSITORY"
[ -z "$PACKAGES" ] || in_background install_packages "$PACKAGES"

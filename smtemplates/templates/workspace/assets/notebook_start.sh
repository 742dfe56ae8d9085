#!/bin/bash
# Sets the notebook up on every start. What goes wrong is logged and never keeps it from starting.
# Values arrive as base64, so that none of them can be code. A dollar sign with braces is CloudFormation's.
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

# The program is root's, so that its user cannot change it, and runs as that user, so that it cannot do more.
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

# Runs a function as ec2-user, in the background: a start that takes five minutes fails.
in_background() {
  nohup runuser -u ec2-user -- env HOME=/home/ec2-user \
    bash -c "$(declare -f with_log "$1"); with_log \"\$@\"" bash "$@" </dev/null >/dev/null 2>&1 &
}

# Opens the log as that user too: root would follow a link that was left in its place.
with_log() {
  mkdir -p ~/SageMaker/.smtemplates && cd ~/SageMaker/.smtemplates && "$@" >"$1.log" 2>&1
}

${Setup}
[ -z "$SDK_CONFIG" ] || write_sdk_config
if [[ $IDLE_MINUTES = *[1-9]* ]]; then # 60.0 is a number, too
  stop_when_idle
else
  systemctl disable --now smtemplates-auto-stop.timer 2>/dev/null
fi
[ -z "$REPOSITORY" ] || in_background clone_repository "$REPOSITORY"
[ -z "$PACKAGES" ] || in_background install_packages "$PACKAGES"

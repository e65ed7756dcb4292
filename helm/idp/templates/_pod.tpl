{{- define "idp.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.podSecurityContext.runAsUser }}
runAsGroup: {{ .Values.podSecurityContext.runAsGroup }}
fsGroup: {{ .Values.podSecurityContext.fsGroup }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "idp.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- /* What every pod knows; secrets come as files. */ -}}
{{- define "idp.env" -}}
- {name: IDP_PROFILE, value: {{ .Values.profile | quote }}}
- {name: IDP_ISSUER, value: {{ .Values.issuer | quote }}}
- {name: IDP_DATA_DIR, value: /var/lib/idp}
{{- if .Values.portalUrl }}
- {name: IDP_PORTAL_URL, value: {{ .Values.portalUrl | quote }}}
{{- end }}
{{- if .Values.staffOrigin }}
- {name: IDP_STAFF_ORIGIN, value: {{ .Values.staffOrigin | quote }}}
{{- end }}
- {name: IDP_METRICS_PORT, value: {{ ternary .Values.metrics.port 0 .Values.metrics.enabled | quote }}}
- {name: IDP_REPLICAS, value: {{ ternary .Values.autoscaling.maxReplicas .Values.web.replicas .Values.autoscaling.enabled | quote }}}
{{- if not (hasKey .Values.settings "trusted_proxies") }}
- {name: IDP_TRUSTED_PROXIES, value: "1"}
{{- end }}
{{- range $name, $value := .Values.settings }}
- {name: IDP_{{ upper $name }}, value: {{ (kindIs "string" $value | ternary $value (toJson $value)) | quote }}}
{{- end }}
{{- with .Values.secrets }}
{{- if .masterSecret.name }}
- {name: IDP_MASTER_SECRET_FILE, value: /run/secrets/idp/master-secret}
{{- if .masterSecret.previousKey }}
- {name: IDP_MASTER_SECRET_PREVIOUS_FILE, value: /run/secrets/idp/master-secret-previous}
{{- end }}
{{- end }}
{{- if .database.name }}
- {name: IDP_DATABASE_URL_FILE, value: /run/secrets/idp/database-url}
{{- if .database.directKey }}
- {name: IDP_DATABASE_DIRECT_URL_FILE, value: /run/secrets/idp/database-direct-url}
{{- end }}
{{- if .database.replicaKey }}
- {name: IDP_DATABASE_REPLICA_URL_FILE, value: /run/secrets/idp/database-replica-url}
{{- end }}
{{- end }}
{{- if .redis.name }}
- {name: IDP_REDIS_URL_FILE, value: /run/secrets/idp/redis-url}
{{- end }}
{{- if .smtp.name }}
- {name: IDP_SMTP_USERNAME_FILE, value: /run/secrets/idp/smtp-username}
- {name: IDP_SMTP_PASSWORD_FILE, value: /run/secrets/idp/smtp-password}
{{- end }}
{{- if .sms.name }}
- {name: IDP_VONAGE_API_KEY_FILE, value: /run/secrets/idp/sms-api-key}
- {name: IDP_VONAGE_API_SECRET_FILE, value: /run/secrets/idp/sms-api-secret}
{{- end }}
{{- end }}
{{- end -}}

{{- define "idp.mounts" -}}
- {name: data, mountPath: /var/lib/idp}
- {name: tmp, mountPath: /tmp}
{{- if include "idp.secretSources" . }}
- {name: secrets, mountPath: /run/secrets/idp, readOnly: true}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "idp.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 128Mi}
{{- with include "idp.secretSources" . }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- . | nindent 6 }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "idp.secretSources" -}}
{{- with .Values.secrets -}}
{{- if .masterSecret.name }}
- secret:
    name: {{ .masterSecret.name }}
    items:
      - {key: {{ .masterSecret.key }}, path: master-secret}
      {{- if .masterSecret.previousKey }}
      - {key: {{ .masterSecret.previousKey }}, path: master-secret-previous}
      {{- end }}
{{- end }}
{{- if .database.name }}
- secret:
    name: {{ .database.name }}
    items:
      - {key: {{ .database.key }}, path: database-url}
      {{- if .database.directKey }}
      - {key: {{ .database.directKey }}, path: database-direct-url}
      {{- end }}
      {{- if .database.replicaKey }}
      - {key: {{ .database.replicaKey }}, path: database-replica-url}
      {{- end }}
{{- end }}
{{- if .redis.name }}
- secret: {name: {{ .redis.name }}, items: [{key: {{ .redis.key }}, path: redis-url}]}
{{- end }}
{{- if .smtp.name }}
- secret: {name: {{ .smtp.name }}, items: [{key: {{ .smtp.usernameKey }}, path: smtp-username}, {key: {{ .smtp.passwordKey }}, path: smtp-password}]}
{{- end }}
{{- if .sms.name }}
- secret: {name: {{ .sms.name }}, items: [{key: {{ .sms.apiKeyKey }}, path: sms-api-key}, {key: {{ .sms.apiSecretKey }}, path: sms-api-secret}]}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "idp.spread" -}}
{{- if .root.Values.topologySpread.enabled }}
topologySpreadConstraints:
  {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "idp.selector" $.root | nindent 8 }}
        app.kubernetes.io/component: {{ $.component }}
  {{- end }}
{{- end }}
{{- end -}}

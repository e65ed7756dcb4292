{{- define "idp.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "idp.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "idp.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{ include "idp.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "idp.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "idp.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "idp.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- /* SQLite on a volume: one web pod with an embedded worker. */ -}}
{{- define "idp.embedded" -}}
{{- if not .Values.secrets.database.name -}}true{{- end -}}
{{- end -}}

{{- define "idp.issuerHost" -}}
{{- (urlParse .Values.issuer).host | splitList ":" | first -}}
{{- end -}}

{{- define "idp.staffHost" -}}
{{- if .Values.staffOrigin -}}{{- (urlParse .Values.staffOrigin).host | splitList ":" | first -}}{{- end -}}
{{- end -}}

{{- /* What an alert says about its page of docs/runbooks: an address where the values name one, else where it stands in the sources. */ -}}
{{- define "idp.runbook" -}}
{{- $page := index . 1 -}}
{{- with (index . 0).Values.metrics.rules.runbookUrl -}}
runbook_url: {{ printf "%s/%s" (trimSuffix "/" .) $page | quote }}
{{- else -}}
runbook: {{ printf "docs/runbooks/%s" $page | quote }}
{{- end -}}
{{- end -}}

{{- /* The port that traces go to: the one of settings.tracing_endpoint, or that of its scheme. */ -}}
{{- define "idp.tracingPort" -}}
{{- with .Values.settings.tracing_endpoint -}}
{{- $address := urlParse . -}}
{{- regexFind "[0-9]+$" (regexFind ":[0-9]+$" $address.host) | default (ternary "443" "80" (eq $address.scheme "https")) -}}
{{- end -}}
{{- end -}}

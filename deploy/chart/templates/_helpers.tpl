{{- define "kubernaut.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag }}
{{- end -}}

{{- define "kubernaut.engine" -}}
system:serviceaccount:{{ .Release.Namespace }}:kubernetes-executor
{{- end -}}

{{/* The actions and their accounts, as a map in CEL. */}}
{{- define "kubernaut.accounts" -}}
{ {{- range $i, $action := keys .Values.actions | sortAlpha }}{{ if $i }}, {{ end }}'{{ $action }}': '{{ (index $.Values.actions $action).serviceAccount }}'{{ end -}} }
{{- end -}}

{{/* Whether only the engine's pods run in the release's namespace, so that their number can be limited. */}}
{{- define "kubernaut.alone" -}}
{{- if and (not .Values.prepuller.enabled) (not (has .Release.Namespace .Values.namespaces)) -}}true{{- end -}}
{{- end -}}

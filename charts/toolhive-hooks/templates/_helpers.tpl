{{- define "toolhive-hooks.labels" -}}
app.kubernetes.io/name: toolhive-hooks
app.kubernetes.io/part-of: toolhive-hooks
app.kubernetes.io/component: webhooks
{{- end }}

{{- define "toolhive-hooks.image" -}}
{{ .repository }}:{{ .tag }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}

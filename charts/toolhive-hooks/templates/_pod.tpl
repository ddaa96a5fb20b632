{{/* The Secrets that are mounted: folder below /etc/toolhive-hooks to name. */}}
{{- define "toolhive-hooks.secrets" -}}
{{- if .Values.tls.enabled }}
tls: toolhive-hooks-tls
{{- end }}
{{- if .Values.auth.enabled }}
auth: toolhive-hooks-auth
{{- end }}
{{- if .Values.digestKey.enabled }}
digest-key: toolhive-hooks-digest-key
{{- end }}
{{- end }}

{{- define "toolhive-hooks.env" -}}
{{- if .Values.tls.enabled }}
- name: TOOLHIVE_HOOKS_TLS_CERT_FILE
  value: /etc/toolhive-hooks/tls/tls.crt
- name: TOOLHIVE_HOOKS_TLS_KEY_FILE
  value: /etc/toolhive-hooks/tls/tls.key
{{- end }}
{{- if .Values.mtls.enabled }}
- name: TOOLHIVE_HOOKS_CLIENT_CA_FILE
  value: {{ required "mtls.enabled needs tls.enabled" (ternary "/etc/toolhive-hooks/tls/ca.crt" nil .Values.tls.enabled) }}
{{- end }}
{{- if .Values.auth.enabled }}
- name: TOOLHIVE_HOOKS_AUTH_TOKEN_FILE
  value: /etc/toolhive-hooks/auth/token
{{- end }}
{{- if .Values.digestKey.enabled }}
- name: TOOLHIVE_HOOKS_DIGEST_KEY_FILE
  value: /etc/toolhive-hooks/digest-key/digest-key
{{- end }}
{{- if .Values.openshift.enabled }}
- name: OPERATOR_OPENSHIFT
  value: "true"
{{- end }}
{{- if .Values.small.enabled }}
- name: TOOLHIVE_HOOKS_MAX_BODY_BYTES
  value: "4194304"
{{- end }}
{{- with .Values.runnerImage }}
- name: TOOLHIVE_RUNNER_IMAGE
  value: {{ . }}
{{- end }}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end }}

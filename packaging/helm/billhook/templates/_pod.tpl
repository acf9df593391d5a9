{{- /* What a pod is, with either database. */ -}}
{{- define "billhook.pod" -}}
{{- $postgresql := eq .Values.database.kind "postgresql" -}}
metadata:
  labels:
    {{- include "billhook.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  # It asks Kubernetes for nothing, and no variables of other services are its settings.
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  securityContext:
    {{- include "billhook.podSecurity" . | nindent 4 }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: billhook
      image: {{ include "billhook.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve]
      ports:
        - name: http
          containerPort: 4000
        {{- if .Values.metrics.enabled }}
        - name: metrics
          containerPort: 9400
        {{- end }}
      env:
        - name: BILLHOOK_ADDR
          value: ":4000"
        {{- if .Values.metrics.enabled }}
        - name: BILLHOOK_METRICS_ADDR
          value: ":9400"
        {{- end }}
        - name: BILLHOOK_LOG_FORMAT
          value: json
        - name: BILLHOOK_ROOT_KEY_FILE
          value: /secrets/root/{{ .Values.rootKey.key }}
        {{- if .Values.sealKeys.secretName }}
        - name: BILLHOOK_SECRET_KEY_FILE
          value: /secrets/seal/{{ .Values.sealKeys.key }}
        {{- end }}
        {{- if $postgresql }}
        {{- include "billhook.databaseURL" .Values.database.url | nindent 8 }}
        {{- else }}
        - name: BILLHOOK_DATA
          value: /data
        {{- end }}
        {{- range $name, $value := .Values.settings }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      # Callers go elsewhere before it stops.
      lifecycle:
        preStop:
          sleep:
            seconds: {{ .Values.preStopSeconds }}
      # A first start with much to take over, or to migrate, takes its time.
      startupProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 2
        failureThreshold: 150
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
      # Not ready is one that cannot write; starting it again would not help.
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 5
        timeoutSeconds: 5
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        {{- include "billhook.containerSecurity" . | nindent 8 }}
      workingDir: /data
      volumeMounts:
        - name: data
          mountPath: /data
        - name: root-key
          mountPath: /secrets/root
          readOnly: true
        {{- if .Values.sealKeys.secretName }}
        # The folder and not the file, so that new keys are read while it runs.
        - name: seal-keys
          mountPath: /secrets/seal
          readOnly: true
        {{- end }}
  volumes:
    {{- if $postgresql }}
    - name: data
      emptyDir: {sizeLimit: 64Mi}
    {{- end }}
    - name: root-key
      secret:
        secretName: {{ required "give rootKey.secretName: the Secret with the key that may do everything" .Values.rootKey.secretName }}
        defaultMode: 0440
    {{- if .Values.sealKeys.secretName }}
    - name: seal-keys
      secret:
        secretName: {{ .Values.sealKeys.secretName }}
        defaultMode: 0440
    {{- end }}
  {{- if $postgresql }}
  topologySpreadConstraints:
    {{- if .Values.topologySpreadConstraints }}
    {{- toYaml .Values.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "billhook.selector" $ | nindent 10 }}
    {{- end }}
    {{- end }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
{{- end }}

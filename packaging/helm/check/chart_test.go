package check

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

const (
	chart = "../billhook"
	// file and nodes are the least that each database must be given.
	file  = "rootKey: {secretName: root}\n"
	nodes = "rootKey: {secretName: root}\nsealKeys: {secretName: seal}\ndatabase: {kind: postgresql, url: {secretName: db}}\n"
	// everything is what can be switched on.
	everything = `
migrate: {enabled: true, url: {secretName: owner}}
metrics: {serviceMonitor: {enabled: true, labels: {release: prometheus}}}
ingress: {enabled: true, className: nginx, host: hooks.example.com, tlsSecretName: tls, annotations: {a: b}}
networkPolicy:
  enabled: true
  from: [{namespaceSelector: {}}]
  metricsFrom: [{podSelector: {matchLabels: {app: prometheus}}}]
  database: [{ipBlock: {cidr: 10.0.0.5/32}}]
image: {repository: registry.example.com/billhook, digest: "sha256:` + "0000000000000000000000000000000000000000000000000000000000000000" + `"}
imagePullSecrets: [{name: pull}]
settings: {BILLHOOK_PROFILE: litestore, BILLHOOK_MAX_EVENT_SIZE: "2097152"}
extraEnv: [{name: OTEL_EXPORTER_OTLP_ENDPOINT, value: "http://collector:4318"}]
service: {annotations: {a: b}}
podAnnotations: {a: b}
podLabels: {a: b}
nodeSelector: {a: b}
tolerations: [{key: a, operator: Exists}]
affinity: {nodeAffinity: {}}
priorityClassName: high
topologySpreadConstraints: [{maxSkew: 1, topologyKey: rack, whenUnsatisfiable: DoNotSchedule}]
`
)

// TestLint is helm lint --strict.
func TestLint(t *testing.T) {
	for name, values := range map[string]string{"file": file, "nodes": nodes, "everything": nodes + everything} {
		for _, m := range lint.RunAll(chart, parse(t, values), "default").Messages {
			if m.Severity >= support.WarningSev {
				t.Errorf("%s: %v", name, m)
			}
		}
	}
}

// objects are what the chart makes, by kind and name.
type objects map[string][]byte

// render is helm template.
func render(t *testing.T, values string) (objects, error) {
	t.Helper()
	c, err := loader.Load(chart)
	if err != nil {
		t.Fatal(err)
	}
	with, err := util.ToRenderValues(c, parse(t, values), common.ReleaseOptions{Name: "shop", Namespace: "default", IsInstall: true}, nil)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(c, with)
	if err != nil {
		return nil, err
	}
	all := objects{}
	for name, text := range files {
		if strings.HasSuffix(name, "NOTES.txt") {
			if !strings.Contains(text, "service/shop-billhook") {
				t.Errorf("the notes are %s", text)
			}
			continue
		}
		for _, doc := range strings.Split(text, "\n---\n") {
			if strings.TrimSpace(doc) == "" {
				continue
			}
			var head struct {
				Kind     string
				Metadata struct{ Name string }
			}
			if err := yaml.Unmarshal([]byte(doc), &head); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, doc)
			}
			if head.Kind == "" {
				continue // comments
			}
			key := head.Kind + " " + head.Metadata.Name
			if all[key] != nil {
				t.Errorf("two of %s", key)
			}
			all[key] = []byte(doc)
			known(t, key, head.Kind, []byte(doc))
		}
	}
	return all, nil
}

// known reads an object strictly: a member that Kubernetes does not know would be left
// out there, and what it was for would not hold.
func known(t *testing.T, key, kind string, doc []byte) {
	t.Helper()
	into := map[string]any{
		"Deployment": &appsv1.Deployment{}, "StatefulSet": &appsv1.StatefulSet{}, "Service": &corev1.Service{}, "Job": &batchv1.Job{},
		"PodDisruptionBudget": &policyv1.PodDisruptionBudget{}, "NetworkPolicy": &networkingv1.NetworkPolicy{}, "Ingress": &networkingv1.Ingress{},
	}
	if kind == "ServiceMonitor" { // is not of Kubernetes itself
		return
	}
	object, ok := into[kind]
	if !ok {
		t.Fatalf("this test knows no %s", kind)
	}
	if err := yaml.UnmarshalStrict(doc, object); err != nil {
		t.Errorf("%s: %v\n%s", key, err, doc)
	}
}

func decode[T any](t *testing.T, all objects, key string) *T {
	t.Helper()
	into := new(T)
	if err := yaml.UnmarshalStrict(all[key], into); err != nil || all[key] == nil {
		t.Fatalf("%s: %v; there are %v", key, err, slices.Sorted(maps.Keys(all)))
	}
	return into
}

func parse(t *testing.T, values string) map[string]any {
	t.Helper()
	into := map[string]any{}
	if err := yaml.Unmarshal([]byte(values), &into); err != nil {
		t.Fatal(err)
	}
	return into
}

// TestObjects: which objects there are, by values.
func TestObjects(t *testing.T) {
	for _, c := range []struct {
		name, values string
		want         []string
	}{
		{"file", file, []string{"Service shop-billhook", "Service shop-billhook-metrics", "StatefulSet shop-billhook"}},
		{"nodes", nodes, []string{"Deployment shop-billhook", "PodDisruptionBudget shop-billhook", "Service shop-billhook", "Service shop-billhook-metrics"}},
		{"one node without metrics", nodes + "replicas: 1\nmetrics: {enabled: false}\n", []string{"Deployment shop-billhook", "Service shop-billhook"}},
		{"everything", nodes + everything, []string{
			"Deployment shop-billhook", "Ingress shop-billhook", "Job shop-billhook-migrate", "NetworkPolicy shop-billhook", "PodDisruptionBudget shop-billhook",
			"Service shop-billhook", "Service shop-billhook-metrics", "ServiceMonitor shop-billhook",
		}},
	} {
		all, err := render(t, c.values)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestRefused: what would not run is refused by helm, in words that say what to give.
func TestRefused(t *testing.T) {
	for values, want := range map[string]string{
		"": "give rootKey.secretName",
		strings.Replace(nodes, "sealKeys: {secretName: seal}\n", "", 1): "give sealKeys.secretName",
		strings.Replace(nodes, "url: {secretName: db}", "url: {}", 1):   "give database.url.secretName",
		file + "migrate: {enabled: true}":                               "migrate.enabled is for database.kind=postgresql",
		nodes + "networkPolicy: {enabled: true}":                        "give networkPolicy.database",
		nodes + "ingress: {enabled: true}":                              "give ingress.host",
		file + "replica: 2":                                             "replica",
		file + "database: {kind: mysql}":                                "kind",
		file + "settings: {BILLHOOK_MAX_EVENT_SIZE: 2097152}":           "BILLHOOK_MAX_EVENT_SIZE", // would be 2.097152e+06
		file + "settings: {BILLHOOK_ROOT_KEY: in-the-values}":           "BILLHOOK_ROOT_KEY",
		file + "database: {volume: {accessModes: [ReadWriteMany]}}":     "accessModes",
		file + "terminationGracePeriodSeconds: 5":                       "terminationGracePeriodSeconds",
	} {
		if _, err := render(t, values); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", values, err, want)
		}
	}
}

// TestPods: what holds for every container that the chart starts.
func TestPods(t *testing.T) {
	for name, values := range map[string]string{"file": file, "file with keys": file + "sealKeys: {secretName: seal}\n", "nodes": nodes, "everything": nodes + everything} {
		all, err := render(t, values)
		if err != nil {
			t.Fatal(err)
		}
		pods := map[string]corev1.PodSpec{}
		for key := range all {
			switch kind, _, _ := strings.Cut(key, " "); kind {
			case "Deployment":
				pods[key] = decode[appsv1.Deployment](t, all, key).Spec.Template.Spec
			case "StatefulSet":
				pods[key] = decode[appsv1.StatefulSet](t, all, key).Spec.Template.Spec
			case "Job":
				pods[key] = decode[batchv1.Job](t, all, key).Spec.Template.Spec
			}
		}
		if len(pods) == 0 {
			t.Errorf("%s: no pods", name)
		}
		for key, pod := range pods {
			t.Run(name+"/"+key, func(t *testing.T) { checkPod(t, &pod) })
		}
	}
}

func checkPod(t *testing.T, pod *corev1.PodSpec) {
	if s := pod.SecurityContext; !*s.RunAsNonRoot || *s.RunAsUser == 0 || *s.FSGroup != *s.RunAsGroup || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("the pod's security is %+v", s)
	}
	if *pod.AutomountServiceAccountToken || *pod.EnableServiceLinks || pod.HostNetwork || pod.HostPID {
		t.Error("the pod reaches more than it needs")
	}
	mounted := map[string]bool{}
	for _, c := range pod.Containers {
		if s := c.SecurityContext; *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) || s.Privileged != nil {
			t.Errorf("the security of %s is %+v", c.Name, s)
		}
		if c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() || c.Image == "" {
			t.Errorf("%s has image %q and resources %+v", c.Name, c.Image, c.Resources)
		}
		names := map[string]bool{}
		for _, e := range c.Env {
			if names[e.Name] {
				t.Errorf("%s is set twice", e.Name)
			}
			names[e.Name] = true
			if e.Value != "" && strings.HasSuffix(e.Name, "_URL") {
				t.Errorf("%s is in the chart, where passwords are not", e.Name)
			}
		}
		if names["BILLHOOK_DATABASE_URL"] == names["BILLHOOK_DATA"] {
			t.Errorf("%s has no database, or two: %v", c.Name, names)
		}
		for _, m := range c.VolumeMounts {
			mounted[m.Name] = true
			if m.Name != "data" && (!m.ReadOnly || m.SubPath != "") {
				t.Errorf("%s is mounted as %+v", m.Name, m)
			}
		}
		if c.Name != "billhook" {
			continue
		}
		ports := map[string]bool{}
		for _, p := range c.Ports {
			ports[p.Name] = true
		}
		for what, probe := range map[string]*corev1.Probe{"/healthz": c.LivenessProbe, "/readyz": c.ReadinessProbe} {
			if probe.HTTPGet.Path != what || !ports[probe.HTTPGet.Port.StrVal] {
				t.Errorf("it is asked at %+v", probe.HTTPGet)
			}
		}
		// The service stops within 10 s of the signal, which comes after preStop.
		if least := c.Lifecycle.PreStop.Sleep.Seconds + 10; *pod.TerminationGracePeriodSeconds <= least {
			t.Errorf("it is killed after %d s, and may take %d", *pod.TerminationGracePeriodSeconds, least)
		}
	}
	for _, v := range pod.Volumes {
		if !mounted[v.Name] {
			t.Errorf("volume %s is nowhere", v.Name)
		}
		if v.Secret != nil && *v.Secret.DefaultMode != 0o440 {
			t.Errorf("secret %s has mode %o", v.Name, *v.Secret.DefaultMode)
		}
	}
}

// TestReached: what is asked for leads to what is there.
func TestReached(t *testing.T) {
	all, err := render(t, nodes+everything)
	if err != nil {
		t.Fatal(err)
	}
	d := decode[appsv1.Deployment](t, all, "Deployment shop-billhook")
	labels := d.Spec.Template.Labels
	job := decode[batchv1.Job](t, all, "Job shop-billhook-migrate")
	chosen := map[string]map[string]string{
		"service":  decode[corev1.Service](t, all, "Service shop-billhook").Spec.Selector,
		"metrics":  decode[corev1.Service](t, all, "Service shop-billhook-metrics").Spec.Selector,
		"pods":     d.Spec.Selector.MatchLabels,
		"budget":   decode[policyv1.PodDisruptionBudget](t, all, "PodDisruptionBudget shop-billhook").Spec.Selector.MatchLabels,
		"networks": decode[networkingv1.NetworkPolicy](t, all, "NetworkPolicy shop-billhook").Spec.PodSelector.MatchLabels,
	}
	for what, by := range chosen {
		if len(by) == 0 || !subset(by, labels) || subset(by, job.Spec.Template.Labels) {
			t.Errorf("%s: %v chooses of the pods' %v, and of the job's %v", what, by, labels, job.Spec.Template.Labels)
		}
	}
	var monitor struct {
		Spec struct {
			Selector  struct{ MatchLabels map[string]string }
			Endpoints []struct{ Port string }
		}
	}
	if err := yaml.Unmarshal(all["ServiceMonitor shop-billhook"], &monitor); err != nil {
		t.Fatal(err)
	}
	api, metrics := decode[corev1.Service](t, all, "Service shop-billhook"), decode[corev1.Service](t, all, "Service shop-billhook-metrics")
	if by := monitor.Spec.Selector.MatchLabels; !subset(by, metrics.Labels) || subset(by, api.Labels) || monitor.Spec.Endpoints[0].Port != metrics.Spec.Ports[0].Name {
		t.Errorf("the monitor reads %+v, the metrics are at %v", monitor, metrics.Labels)
	}
	ports := map[string]bool{}
	for _, p := range d.Spec.Template.Spec.Containers[0].Ports {
		ports[p.Name] = true
	}
	policy := decode[networkingv1.NetworkPolicy](t, all, "NetworkPolicy shop-billhook")
	for _, let := range policy.Spec.Ingress {
		if !ports[let.Ports[0].Port.StrVal] || len(let.From) != 1 {
			t.Errorf("the policy lets in %+v", let)
		}
	}
	if len(policy.Spec.Ingress) != 2 || len(policy.Spec.Egress) != 3 {
		t.Errorf("the policy is %+v", policy.Spec)
	}
	for _, p := range []corev1.ServicePort{api.Spec.Ports[0], metrics.Spec.Ports[0]} {
		if !ports[p.TargetPort.StrVal] {
			t.Errorf("service port %+v leads nowhere", p)
		}
	}
	if job.Annotations["helm.sh/hook"] == "" || !bytes.Contains(all["Job shop-billhook-migrate"], []byte("name: owner")) {
		t.Errorf("the migration is %s", all["Job shop-billhook-migrate"])
	}
	if env := d.Spec.Template.Spec.Containers[0].Env; !slices.ContainsFunc(env, func(e corev1.EnvVar) bool { return e.Name == "BILLHOOK_MAX_EVENT_SIZE" && e.Value == "2097152" }) {
		t.Errorf("settings are %v", env)
	}
	if image := d.Spec.Template.Spec.Containers[0].Image; !strings.HasPrefix(image, "registry.example.com/billhook@sha256:00") {
		t.Errorf("the image is %s", image)
	}
	s := decode[appsv1.StatefulSet](t, mustRender(t, file), "StatefulSet shop-billhook")
	if *s.Spec.Replicas != 1 || s.Spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted != appsv1.RetainPersistentVolumeClaimRetentionPolicyType ||
		len(s.Spec.VolumeClaimTemplates) != 1 || s.Spec.VolumeClaimTemplates[0].Name != "data" {
		t.Errorf("the file's pod is %+v", s.Spec)
	}
}

func mustRender(t *testing.T, values string) objects {
	t.Helper()
	all, err := render(t, values)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func subset(of, all map[string]string) bool {
	for name, value := range of {
		if all[name] != value {
			return false
		}
	}
	return true
}

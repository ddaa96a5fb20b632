// Command restorer restores one namespace of a backup's tarball with Velero's own restorer, without a Velero server.
//
// It is built within Velero's source: in a checkout of release 1.18 copy this file to cmd/restorer/restorer.go, and
// run `go build -o restorer ./cmd/restorer`. VELERO_RESTORER names the program to the tests: see __init__.py.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vmware-tanzu/velero/internal/hook"
	"github.com/vmware-tanzu/velero/internal/volume"
	velerov1 "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	velerov2alpha1 "github.com/vmware-tanzu/velero/pkg/apis/velero/v2alpha1"
	veleroclient "github.com/vmware-tanzu/velero/pkg/client"
	"github.com/vmware-tanzu/velero/pkg/cmd/server/config"
	velerodiscovery "github.com/vmware-tanzu/velero/pkg/discovery"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	riav2 "github.com/vmware-tanzu/velero/pkg/plugin/velero/restoreitemaction/v2"
	"github.com/vmware-tanzu/velero/pkg/restore"
	"github.com/vmware-tanzu/velero/pkg/restore/actions"
	"github.com/vmware-tanzu/velero/pkg/util/kube"
)

// action makes a version 2 action of one of Velero's own, as its server does.
type action struct {
	v1
	name string
}

type v1 interface {
	AppliesTo() (velero.ResourceSelector, error)
	Execute(*velero.RestoreItemActionExecuteInput) (*velero.RestoreItemActionExecuteOutput, error)
}

func (a action) Name() string { return a.name }

func (a action) Progress(string, *velerov1.Restore) (velero.OperationProgress, error) {
	return velero.OperationProgress{Completed: true}, nil
}

func (a action) Cancel(string, *velerov1.Restore) error { return nil }

func (a action) AreAdditionalItemsReady([]velero.ResourceIdentifier, *velerov1.Restore) (bool, error) {
	return true, nil
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	tarball := flag.String("tarball", "", "")
	namespace := flag.String("namespace", "", "")
	selector := flag.String("selector", "", "")
	flag.Parse()

	log := logrus.New()
	rest := must(clientcmd.BuildConfigFromFlags("", flag.Lookup("kubeconfig").Value.String())) // controller-runtime's flag
	core := must(kubernetes.NewForConfig(rest)).CoreV1()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{velerov1.AddToScheme, velerov2alpha1.AddToScheme, corev1.AddToScheme} {
		must(0, add(scheme))
	}
	objects := must(client.New(rest, client.Options{Scheme: scheme}))
	restorer := must(restore.NewKubernetesRestorer(
		must(velerodiscovery.NewHelper(must(discovery.NewDiscoveryClientForConfig(rest)), log)),
		veleroclient.NewDynamicFactory(must(dynamic.NewForConfig(rest))),
		config.GetDefaultConfig().RestoreResourcePriorities,
		core.Namespaces(), nil, time.Minute, 2*time.Minute, time.Minute, log, nil, core.RESTClient(), nil, objects,
		hook.NewMultiHookTracker(),
	))

	spec := velerov1.RestoreSpec{BackupName: "b", IncludedNamespaces: []string{*namespace}}
	if *selector != "" {
		spec.LabelSelector = must(metav1.ParseToLabelSelector(*selector)) // as --selector is read
	}
	wanted := &velerov1.Restore{ObjectMeta: metav1.ObjectMeta{Name: "r", Namespace: "velero"}, Spec: spec}
	request := &restore.Request{
		Restore:                       wanted,
		Log:                           log,
		Backup:                        &velerov1.Backup{ObjectMeta: metav1.ObjectMeta{Name: "b", Namespace: "velero"}},
		BackupReader:                  must(os.Open(*tarball)),
		DisableInformerCache:          true,
		RestoreVolumeInfoTracker:      volume.NewRestoreVolInfoTracker(wanted, log, objects),
		ResourceDeletionStatusTracker: kube.NewResourceDeletionStatusTracker(),
	}
	resolver := framework.NewRestoreItemActionResolverV2([]riav2.RestoreItemAction{
		action{actions.NewPodAction(log), "pod"},
		action{actions.NewServiceAction(log), "service"},
		action{actions.NewServiceAccountAction(log), "service-account"},
		action{actions.NewRoleBindingAction(log), "role-bindings"},
		action{actions.NewSecretAction(log, objects), "secret"},
	})
	warnings, errs := restorer.RestoreWithResolvers(request, resolver, nil)
	fmt.Println("warnings:", warnings, "errors:", errs)
	if !errs.IsEmpty() {
		os.Exit(1)
	}
}

//go:build linux

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/seed-6b91b535/idrec/shared"
)

// TestAFolderThatIsTooLongForOneWorkflow: the engine refuses an input of 2 MiB, so the starter gives a
// long list to several workflows, one after the other.
func TestAFolderThatIsTooLongForOneWorkflow(t *testing.T) {
	const n = 5_500 // 2.3 MB of references with such names
	w := newWorld(t, 0, 77)
	for i := range n {
		if err := os.WriteFile(filepath.Join(w.cards, fmt.Sprintf("%0240d.jpg", i)), []byte("no picture"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.worker()
	s := w.submit("IDREC_CHUNK=200", "IDREC_CHUNKS=8")
	if code := s.wait(t, 5*time.Minute); code != 0 {
		t.Fatalf("exit %d", code)
	}
	if good, bad := s.records(t); good != 0 || bad[shared.CodeNotAPicture] != n || len(bad) != 1 {
		t.Errorf("%d results, %v", good, bad)
	}
	list, err := w.client().ListWorkflow(context.Background(), &workflowservice.ListWorkflowExecutionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if runs := len(list.GetExecutions()); runs < 3 {
		t.Errorf("%d workflows", runs)
	}
	if billed, _ := w.vendor.Bill(); billed != 0 {
		t.Errorf("billed %d", billed)
	}
}

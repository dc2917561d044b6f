package sqlite

import "testing"

const asNobody = "IDREC_TEST_AS_NOBODY"

func asUser(t *testing.T) { t.Skip("permissions are access lists there") }

package report

import (
	"strconv"
	"strings"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/shared"
)

// caseColumns are the names of the CSV columns where a row is a person.
func caseColumns() []string {
	c := []string{"case", "pictures", "sources", "statuses", "usable"}
	for _, n := range shared.CardFields() {
		c = append(c, string(n))
	}
	return append(c, "findings", "price_yuan")
}

// row is the case under those heads. A finding across the pictures names its field: case_mismatch(name).
func (c Case) row(mask bool) []string {
	r := c.Record(mask)
	row := []string{r.Case, strconv.Itoa(r.Pictures), strings.Join(r.Sources, ";"), strings.Join(r.Statuses, ";"), strconv.FormatBool(r.Usable)}
	for _, n := range shared.CardFields() {
		row = append(row, r.Card[n])
	}
	return append(row, strings.Join(c.Notes(messages.English), ";"), r.PriceYuan.String())
}

package sampledata

import (
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"
)

// Roster writes the workbook that a prefecture would submit: n applications of 2024 for a
// start-up grant under the policy of the committed sample, each of another person, none of
// them to be refused. Synthetic, and labelled so on the sheet.
func Roster(w io.Writer, n int) error {
	book := excelize.NewFile()
	defer book.Close()
	const sheet = "合成样本 SYNTHETIC"
	if err := book.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	rows, err := book.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	put := func(row int, cells ...any) error {
		at, err := excelize.CoordinatesToCellName(1, row)
		if err != nil {
			return err
		}
		return rows.SetRow(at, cells)
	}
	if err := put(1, "claim", "scheme", "region", "from", "to", "units", "evidence", "date", "kind", "name", "person_number", "bank_card"); err != nil {
		return err
	}
	all := counties()
	for i := range n {
		who := person{all[i%len(all)], applicants + i/len(all)}
		form, licence := sha256.Sum256(fmt.Appendf(nil, "form %d", i)), sha256.Sum256(fmt.Appendf(nil, "licence %d", i))
		err := put(i+2, fmt.Sprintf("ROSTER-%06d", i), "startup", string(who.county.code), "2024-01", "2024-12", 1,
			fmt.Sprintf("application-form:%x business-licence:%x", form, licence), fmt.Sprintf("2024-03-%02d", 1+i%28),
			"person", who.name(), who.number(), who.card())
		if err != nil {
			return err
		}
	}
	if err := rows.Flush(); err != nil {
		return err
	}
	return book.Write(w)
}

package merkle_test

import (
	"bytes"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"zhucan/events/merkle"
)

// A log signs its head; whoever holds one record and the log's public key sees
// that the record is under it, and that a changed one is not.
func Example() {
	seed := bytes.NewReader(make([]byte, 32)) // nil, for a real key
	private, public, err := merkle.GenerateKey(seed, "ledger.example/zhucan")
	if err != nil {
		fmt.Println(err)
		return
	}

	// The log.
	signer, err := note.NewSigner(private)
	if err != nil {
		fmt.Println(err)
		return
	}
	rows := make(map[int64][]byte)
	var tree merkle.Frontier
	record := merkle.Leaf{Seq: 2, Subject: "zc.ledger", Data: []byte(`{"amount":"1200.00"}`)}
	for i, l := range []merkle.Leaf{{Seq: 1, Subject: "zc.ledger"}, record, {Seq: 3, Subject: "zc.ledger"}} {
		rows[int64(i)] = merkle.Row(tree.Append(l.Hash()))
	}
	msg, err := merkle.Sign(merkle.Checkpoint{Origin: signer.Name(), Size: tree.Size(), Root: tree.Root()}, signer)
	if err != nil {
		fmt.Println(err)
		return
	}
	stored := merkle.RowReader(func([]int64) (map[int64][]byte, error) { return rows, nil })
	proof, err := merkle.Inclusion(tree.Size(), record.Seq-1, stored)
	if err != nil {
		fmt.Println(err)
		return
	}
	certificate := merkle.Certificate{Leaf: record, Hashes: proof.Hashes, Checkpoint: msg}

	// The auditor.
	verifier, err := note.NewVerifier(public)
	if err != nil {
		fmt.Println(err)
		return
	}
	head, err := certificate.Check(note.VerifierList(verifier))
	fmt.Println(head.Size, err)
	certificate.Leaf.Data = []byte(`{"amount":"1200.01"}`)
	_, err = certificate.Check(note.VerifierList(verifier))
	fmt.Println(err)
	// Output:
	// 3 <nil>
	// merkle: proof does not hold: record 2 in a tree of 3
}

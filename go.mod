module github.com/billhook/billhook

go 1.26.0

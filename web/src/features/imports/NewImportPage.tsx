import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import i18next from 'i18next'
import { type ReactNode, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import type { ImportKind } from '~/api/types'
import { auth } from '~/auth/session'
import { errorText, useFormat } from '~/i18n/i18n'
import { useStore } from '~/lib/store'
import { Badge, Button, buttonClass, Input, Loading, Page, Segmented, Select } from '~/ui'
import { UploadIcon } from '~/ui/icons'
import {
  allColumns,
  type Choices,
  DATE_ORDERS,
  type DateOrder,
  examples,
  FORMATS,
  type Format,
  findingText,
  type Inspection,
  KINDS,
  meaning,
  needed,
} from './mapping'
import { importsQuery } from './queries'

/** A file, what its columns mean, then a check that changes nothing. */
export function NewImportPage({ onStarted }: { onStarted: (id: number) => void }) {
  const { t } = useTranslation(['imports', 'common'])
  const { user } = useStore(auth)
  // Catalogue files are for those who manage the catalogue.
  const kinds = user?.role === 'team_leader' ? KINDS.slice(0, 2) : KINDS
  const [kind, setKind] = useState<ImportKind>('orders')
  const [format, setFormat] = useState<Format>('auto')
  const [file, setFile] = useState<File | null>(null)
  const [lines, setLines] = useState<File | null>(null)
  const [choices, setChoices] = useState<Choices>({})
  const [dateOrder, setDateOrder] = useState<DateOrder>('auto')
  const [sheet, setSheet] = useState('')
  const [shop, setShop] = useState('')
  const earlier = useQuery(importsQuery())
  const shops = new Set((earlier.data?.items ?? []).flatMap((job) => job.shop ?? []))
  const linesFile = kind === 'orders' ? lines : null

  const form = () => {
    const data = new FormData()
    data.set('kind', kind)
    data.set('format', format)
    data.set('mapping', JSON.stringify(choices))
    data.set('dateOrder', dateOrder)
    if (sheet) data.set('sheet', sheet)
    if (kind === 'orders' && shop.trim()) data.set('shop', shop.trim())
    if (file) data.set('file', file, file.name)
    if (linesFile) data.set('linesFile', linesFile, linesFile.name)
    return data
  }
  const stamp = (f: File | null) => f && [f.name, f.size, f.lastModified]
  const inspection = useQuery({
    queryKey: [
      'imports',
      'inspect',
      kind,
      format,
      stamp(file),
      stamp(linesFile),
      choices,
      dateOrder,
      sheet,
    ],
    queryFn: ({ signal }) => api.post('/api/cdm/imports/inspect', form(), { signal }),
    enabled: file !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
    placeholderData: (previous) => previous,
  })
  const start = useMutation({
    meta: { quiet: true },
    mutationFn: (dryRun: boolean) => api.post('/api/cdm/imports', form(), { query: { dryRun } }),
    onSuccess: (job) => onStarted(job.id),
  })
  const found = file ? inspection.data : undefined
  const problems = found?.problems ?? []
  const warnings = found?.warnings ?? []
  const assumed = warnings.some((warning) => warning.code === 'date_order_assumed')
  const failed = start.error ?? inspection.error
  const reset = () => {
    setChoices({})
    start.reset()
  }
  return (
    <Page
      title={t('newTitle')}
      lead={t('newLead')}
      actions={
        <>
          <Link to="/imports" className={buttonClass('ghost')}>
            {t('history')}
          </Link>
          <Button
            variant="primary"
            disabled={!found || problems.length > 0 || inspection.isError}
            busy={start.isPending}
            onClick={() => start.mutate(true)}
          >
            {t('check')}
          </Button>
        </>
      }
    >
      <div className="flex shrink-0 flex-wrap items-end gap-x-6 gap-y-3 rounded-lg border border-line bg-surface p-3">
        <Labelled label={t('kind')}>
          <Segmented
            label={t('kind')}
            value={kind}
            onChange={(value) => {
              setKind(value)
              reset()
            }}
            items={kinds.map((value) => ({ value, label: t(`kinds.${value}`) }))}
          />
        </Labelled>
        <Labelled label={t('format')}>
          <Select
            className="w-44"
            aria-label={t('format')}
            value={format}
            onChange={(e) => {
              setFormat(e.target.value as Format)
              reset()
            }}
          >
            {FORMATS.map((value) => (
              <option key={value} value={value}>
                {t(`formats.${value}`)}
              </option>
            ))}
          </Select>
        </Labelled>
        <FilePicker
          label={t('file')}
          file={file}
          onFile={(next) => {
            setFile(next)
            setSheet('')
            setDateOrder('auto')
            reset()
          }}
        />
        {found && found.sheets.length > 1 && (
          <Labelled label={t('sheet')}>
            <Select
              className="w-44"
              aria-label={t('sheet')}
              value={sheet || (found.sheet ?? undefined)}
              onChange={(e) => {
                setSheet(e.target.value)
                reset()
              }}
            >
              {found.sheets.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          </Labelled>
        )}
        {(dateOrder !== 'auto' || assumed) && (
          <Labelled label={t('dateOrder')}>
            <Select
              className="w-56"
              aria-label={t('dateOrder')}
              value={dateOrder}
              onChange={(e) => setDateOrder(e.target.value as DateOrder)}
            >
              {DATE_ORDERS.map((value) => (
                <option key={value} value={value}>
                  {t(`dateOrders.${value}`)}
                </option>
              ))}
            </Select>
          </Labelled>
        )}
        {kind === 'orders' && (
          <Labelled label={t('shop')}>
            <Input
              className="w-44"
              aria-label={t('shop')}
              aria-describedby="shop-hint"
              maxLength={30}
              list="shops"
              value={shop}
              onChange={(e) => setShop(e.target.value)}
            />
            <datalist id="shops">
              {[...shops].map((name) => (
                <option key={name} value={name} />
              ))}
            </datalist>
            <span id="shop-hint" className="text-2xs text-muted">
              {t('shopHint')}
            </span>
          </Labelled>
        )}
        {kind === 'orders' && (
          <FilePicker
            label={t('linesFile')}
            file={lines}
            onFile={(next) => {
              setLines(next)
              reset()
            }}
          />
        )}
      </div>
      {failed && (
        <p role="alert" className="text-sm text-bad">
          {errorText(failed)}
        </p>
      )}
      {problems.length > 0 && (
        <ul role="alert" className="list-inside list-disc text-sm text-bad">
          {problems.map((problem) => {
            const text = typeof problem === 'string' ? problem : (problem.detail ?? problem.code)
            return <li key={text}>{text}</li>
          })}
        </ul>
      )}
      {warnings.length > 0 && (
        <ul className="list-inside list-disc text-sm text-wait">
          {warnings.map((warning) => (
            <li key={`${warning.code} ${warning.column}`}>
              {warning.column && `${warning.column}: `}
              {findingText(warning.code, warning.detail)}
            </li>
          ))}
        </ul>
      )}
      {found ? (
        <MappingTable
          inspection={found}
          choices={choices}
          onChoose={(column, field) => {
            start.reset()
            setChoices((old) => ({ ...old, [column]: field }))
          }}
        />
      ) : inspection.isFetching ? (
        <Loading lines={8} />
      ) : (
        <p className="max-w-2xl text-sm text-muted">{t('formatHint')}</p>
      )}
    </Page>
  )
}

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-1">
      <span aria-hidden className="text-xs font-medium text-muted">
        {label}
      </span>
      {children}
    </div>
  )
}

function FilePicker({
  label,
  file,
  onFile,
}: {
  label: string
  file: File | null
  onFile: (file: File | null) => void
}) {
  const { t } = useTranslation(['imports', 'common'])
  const format = useFormat()
  const input = useRef<HTMLInputElement>(null)
  return (
    <Labelled label={label}>
      <input
        ref={input}
        type="file"
        accept=".csv,.txt,.xlsx,.xls,text/csv,application/vnd.ms-excel,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        className="sr-only"
        tabIndex={-1}
        aria-label={label}
        onChange={(e) => onFile(e.target.files?.[0] ?? null)}
      />
      <span className="inline-flex items-center gap-2">
        <Button icon={<UploadIcon />} onClick={() => input.current?.click()}>
          {file ? t('otherFile') : t('chooseFile')}
        </Button>
        {file && (
          <>
            <span className="max-w-56 truncate text-sm" title={file.name}>
              {file.name}
            </span>
            <span className="text-xs text-muted">
              {t('size', { n: format.number(Math.max(1, Math.round(file.size / 1024))) })}
            </span>
            <Button
              size="sm"
              variant="ghost"
              onClick={() => {
                if (input.current) input.current.value = ''
                onFile(null)
              }}
            >
              {t('removeFile')}
            </Button>
          </>
        )}
      </span>
    </Labelled>
  )
}

/** What each column means, prefilled by what the server recognised, with cells to see it by. */
function MappingTable({
  inspection,
  choices,
  onChoose,
}: {
  inspection: Inspection
  choices: Choices
  onChoose: (column: string, field: string | null) => void
}) {
  const { t } = useTranslation(['imports', 'common'])
  // Already what was chosen: the file is inspected again with each choice.
  const columns = allColumns(inspection)
  const used = new Set(
    columns.map((column) => meaning(column, choices, inspection.mapping)).filter(Boolean),
  )
  return (
    <div className="flex min-h-0 flex-col gap-2">
      <p className="text-sm text-muted">
        {t('recognised', { format: t(`formats.${known(inspection.format)}`) })} {t('mappingLead')}
      </p>
      <section
        aria-label={t('mapping')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls with the arrow keys
        tabIndex={0}
        className="min-h-0 overflow-auto rounded-lg border border-line bg-surface"
      >
        <table className="w-full text-sm">
          <caption className="sr-only">{t('mapping')}</caption>
          <thead>
            <tr>
              {(['column', 'examples', 'means'] as const).map((key) => (
                <th
                  key={key}
                  scope="col"
                  className="sticky top-0 border-b border-line bg-canvas px-3 py-1.5 text-left text-xs font-medium text-muted"
                >
                  {t(key)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {columns.map((column) => {
              const field = meaning(column, choices, inspection.mapping)
              return (
                <tr key={column} className="border-b border-line/60 last:border-0">
                  <th scope="row" className="px-3 py-1 text-left font-medium">
                    {column}
                  </th>
                  <td className="max-w-96 truncate px-3 py-1 text-muted">
                    {examples(inspection, column).join(' · ') || '–'}
                  </td>
                  <td className="px-3 py-1">
                    <span className="inline-flex items-center gap-2">
                      <Select
                        className="h-7 w-60"
                        aria-label={t('meansOf', { column })}
                        value={field}
                        onChange={(e) => onChoose(column, e.target.value || null)}
                      >
                        <option value="">{t('leftOut')}</option>
                        {inspection.fields.map((option) => (
                          <option key={option.name} value={option.name}>
                            {nameOf(option.name)}
                            {needed(option, used) ? ' *' : ''}
                          </option>
                        ))}
                        {field && !inspection.fields.some((option) => option.name === field) && (
                          <option value={field}>{nameOf(field)}</option>
                        )}
                      </Select>
                      {column in choices && <Badge tone="accent">{t('chosen')}</Badge>}
                    </span>
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </section>
      <p className="text-xs text-muted">
        {t('fieldsFree')}{' '}
        {inspection.fields
          .filter((field) => !used.has(field.name))
          .map((field) => (needed(field, used) ? `${nameOf(field.name)} *` : nameOf(field.name)))
          .join(', ')}
      </p>
    </div>
  )
}

/** A field in the language on screen; a new one of the server by its own name. */
function nameOf(field: string): string {
  const key = `imports:fieldNames.${field}`
  return i18next.exists(key) ? i18next.t(key as 'imports:fieldNames.phone') : field
}

function known(format: string): Format {
  return FORMATS.find((value) => value === format) ?? 'own'
}
